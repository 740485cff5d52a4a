package command_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// curl does what the curl lines of the documentation and of the demo ask, on machines that have no curl. What it does not know it refuses.
func curl(args []string, out, errs io.Writer) int {
	req, o, err := parseCurl(args)
	if err != nil {
		_, _ = fmt.Fprintln(errs, "curl:", err)
		return 2
	}
	res, err := http.DefaultClient.Do(req)
	for tries := 0; err != nil && tries < o.retries; tries++ {
		time.Sleep(100 * time.Millisecond)
		if req, o, err = parseCurl(args); err == nil { // anew, for its body was read
			res, err = http.DefaultClient.Do(req)
		}
	}
	if err != nil {
		_, _ = fmt.Fprintln(errs, "curl:", err)
		return 7
	}
	defer func() { _ = res.Body.Close() }()
	if o.fail && res.StatusCode >= http.StatusBadRequest {
		_, _ = fmt.Fprintln(errs, "curl: the server answered", res.Status)
		return 22
	}
	data, err := io.ReadAll(res.Body)
	if err == nil && o.file != "" {
		err = os.WriteFile(o.file, data, 0o600)
	} else if err == nil {
		_, err = out.Write(data)
	}
	if err != nil {
		_, _ = fmt.Fprintln(errs, "curl:", err)
		return 23
	}
	return 0
}

// curlOptions is what is asked besides the request.
type curlOptions struct {
	fail    bool
	retries int
	file    string
}

func parseCurl(args []string) (*http.Request, curlOptions, error) {
	var o curlOptions
	var method, url string
	var body []byte
	header := http.Header{}
	for len(args) > 0 {
		name := args[0]
		args = args[1:]
		switch name {
		case "-s", "-S", "-sS", "--silent":
			continue
		case "-f", "-sf", "-fs", "-fsS", "-sfS", "--fail":
			o.fail = true
			continue
		case "--retry-connrefused":
			continue // it always tries again then
		}
		if !strings.HasPrefix(name, "-") {
			if url != "" {
				return nil, o, fmt.Errorf("two addresses, %s and %s", url, name)
			}
			url = name
			continue
		}
		if len(args) == 0 {
			return nil, o, fmt.Errorf("option %s is not known here, or lacks its value", name)
		}
		value := args[0]
		args = args[1:]
		switch name {
		case "--retry", "--retry-delay":
			o.retries = 300 // at its own pace
		case "-X", "--request":
			method = value
		case "-H", "--header":
			field, text, found := strings.Cut(value, ":")
			if !found {
				return nil, o, fmt.Errorf("%q is no header", value)
			}
			header.Add(field, strings.TrimSpace(text))
		case "-d", "--data", "--data-binary", "--json":
			data, err := curlData(name, value)
			if err != nil {
				return nil, o, err
			}
			body = data
			if name == "--json" {
				header.Set("Content-Type", "application/json")
			}
		case "-o", "--output":
			o.file = value
		default:
			return nil, o, fmt.Errorf("option %s is not known here", name)
		}
	}
	if method == "" && body != nil {
		method = http.MethodPost
	}
	if url == "" {
		return nil, o, errors.New("no address")
	}
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, o, err
	}
	if body != nil && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl does
	}
	req.Header = header
	return req, o, nil
}

// curlData reads what is to be sent: the text itself, or of @FILE the file, without its line ends unless it is binary.
func curlData(name, value string) ([]byte, error) {
	file, found := strings.CutPrefix(value, "@")
	if !found {
		return []byte(value), nil
	}
	data, err := os.ReadFile(file)
	if name == "--data-binary" || name == "--json" {
		return data, err
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\n"), nil), []byte("\r"), nil), err
}

// shellWords splits a line as a shell does that knows blanks and single quotes only.
func shellWords(t *testing.T, line string) []string {
	t.Helper()
	var words []string
	var word strings.Builder
	quoted, begun := false, false
	for _, c := range line {
		switch {
		case c == '\'':
			quoted, begun = !quoted, true
		case c == ' ' && !quoted:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if quoted {
		t.Fatalf("a quote does not end: %s", line)
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

func TestCurlStandsIn(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), body)
	}))
	defer s.Close()
	rows := written(t, "rows.txt", "a\nb\n")
	for line, want := range map[string]result{
		"curl -s URL/":      {0, "GET   ", ""},
		"curl -s URL/gone":  {0, "GET   ", ""},
		"curl -sf URL/gone": {22, "", "404"},
		"curl -s URL/ -H 'Authorization: Bearer x' -d '{\"a\": 1}'":           {0, `POST application/x-www-form-urlencoded Bearer x {"a": 1}`, ""},
		"curl -s -X PUT -H 'Content-Type: text/csv' --data-binary @FILE URL/": {0, "PUT text/csv  a\nb\n", ""},
		"curl --compressed URL/": {2, "", "not known"},
	} {
		t.Run(line, func(t *testing.T) {
			var out, errs bytes.Buffer
			line = strings.NewReplacer("URL", s.URL, "FILE", rows).Replace(line)
			code := curl(shellWords(t, line)[1:], &out, &errs)
			if code != want.code || out.String() != want.out || !strings.Contains(errs.String(), want.err) {
				t.Errorf("%d %q %q, want %+v", code, out.String(), errs.String(), want)
			}
		})
	}
}

package api_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sihai-network/sihai/engine/api/apitest"
	"github.com/sihai-network/sihai/engine/api/apitest/generated"
)

// TestGeneratedClientIsThatOfTheDocument makes each file of the client anew and compares.
func TestGeneratedClientIsThatOfTheDocument(t *testing.T) {
	for _, part := range []string{"types", "client"} {
		fresh := filepath.Join(t.TempDir(), part+".go")
		cmd := exec.CommandContext(t.Context(), "go", "tool", "oapi-codegen", "-package", "generated", "-generate", part, "-o", fresh, "openapi.json")
		if told, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, told)
		}
		want, err := os.ReadFile(fresh)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile("apitest/generated/" + part + ".go")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("apitest/generated/%s.go is not what the generator makes of openapi.json; go generate ./engine/api/apitest/generated makes it anew", part)
		}
	}
}

// TestGeneratedClient lets a client that a public generator made from the document set up a merchant and ask for offers.
func TestGeneratedClient(t *testing.T) {
	w := apitest.Open(t, apitest.Options{})
	client, err := generated.NewClientWithResponses(w.URL,
		generated.WithHTTPClient(&http.Client{Transport: apitest.NewChecker(t, checkedDocument(t), w.HTTP.Transport)}),
		generated.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
			req.Header.Set("Authorization", "Bearer "+apitest.OperatorKey)
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()

	merchant, err := client.PutMerchantWithResponse(ctx, "m-7", nil, generated.Merchant{Id: "m-7", Name: map[string]string{"en": "Lincoln Road"}})
	if err != nil || merchant.JSON201 == nil || *merchant.JSON201.Version != 1 {
		t.Fatalf("%v: %s", err, merchant.Body)
	}
	zone, category := "America/New_York", "5812"
	venue, err := client.PutVenueWithResponse(ctx, "m-7", "v-1", nil, generated.Venue{
		Id: "v-1", Name: map[string]string{"en": "Bakery"}, Lat: 25.7907, Lon: -80.1353, TimeZone: &zone, Category: &category,
	})
	if err != nil || venue.JSON201 == nil || *venue.JSON201.TimeZone != zone {
		t.Fatalf("%v: %s", err, venue.Body)
	}
	percent, status, whose := 15.0, generated.CampaignStatusEnabled, "m-7"
	campaign, err := client.PutCampaignWithResponse(ctx, "lincoln-15", &generated.PutCampaignParams{Merchant: &whose}, generated.Campaign{
		Id: "lincoln-15", Title: map[string]string{"en": "15% off", "zh-Hans": "八五折"}, Status: &status,
		Discount: generated.Discount{Type: generated.Percent, Percent: &percent},
		Venues:   generated.VenueSet{Ids: &[]string{"v-1"}},
	})
	if err != nil || campaign.JSON201 == nil || campaign.HTTPResponse.Header.Get("ETag") != `"1"` || *campaign.JSON201.State != "running" {
		t.Fatalf("%v: %s", err, campaign.Body)
	}

	explain, accuracy := generated.Full, 35.0
	decided, err := client.DecideWithResponse(ctx, nil, generated.Request{
		User:     &generated.User{Languages: &[]string{"zh-Hans", "en"}},
		Location: &generated.Location{Lat: 25.7907, Lon: -80.1353, Accuracy: &accuracy},
		Explain:  &explain, Placements: []generated.PlacementRequest{{Id: "home", Count: 10}},
	})
	if err != nil || decided.JSON200 == nil {
		t.Fatalf("%v: %s", err, decided.Body)
	}
	offers := decided.JSON200.Placements[0].Offers
	if len(offers) != 1 || offers[0].OfferId != "lincoln-15@v-1" || offers[0].Title != "八五折" || offers[0].Explanation == nil {
		t.Errorf("%s", decided.Body)
	}
	back, err := client.GetDecisionWithResponse(ctx, decided.JSON200.DecisionId)
	if err != nil || back.JSON200 == nil || back.JSON200.Request == nil || back.JSON200.DecisionId != decided.JSON200.DecisionId {
		t.Errorf("%v: %s", err, back.Body)
	}
	refused, err := client.PutCampaignWithResponse(ctx, "x", &generated.PutCampaignParams{Merchant: &whose}, generated.Campaign{
		Id: "x", Title: map[string]string{}, Discount: generated.Discount{Type: generated.Amount},
	})
	if err != nil || refused.ApplicationproblemJSON4XX == nil || len(*refused.ApplicationproblemJSON4XX.Errors) < 2 {
		t.Errorf("%v: %s", err, refused.Body)
	}
}

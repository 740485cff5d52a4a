package command_test

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

// inNamespace says in the environment that a test runs where its user may mount.
const inNamespace = "SIHAI_TEST_NAMESPACE"

// smallDisk returns a folder on a file system of so many bytes of its own. Who may not mount runs the whole test again as the root of a user namespace, and
// gets false: all is done. It skips the test where that is forbidden too.
func smallDisk(t *testing.T, bytes int) (dir string, here bool) {
	t.Helper()
	dir = t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+strconv.Itoa(bytes))
	if err == nil {
		t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
		return dir, true
	}
	if os.Getenv(inNamespace) != "" {
		t.Skipf("NOT TRIED: no file system can be mounted in a user namespace: %v", err)
	}
	again := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	again.Env = append(os.Environ(), inNamespace+"=1")
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	told, err := again.CombinedOutput()
	if again.ProcessState == nil {
		t.Skipf("NOT TRIED: this machine lets nobody mount a file system, in no user namespace either: %v", err)
	}
	t.Logf("in a user namespace:\n%s", told)
	if err != nil {
		t.Error(err)
	}
	return "", false
}

// freeOf returns what is free of a folder's disk.
func freeOf(t *testing.T, dir string) int64 {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	return int64(s.Bavail) * s.Bsize
}

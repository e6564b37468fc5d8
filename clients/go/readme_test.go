package leaderboard_test

import (
	"os"
	"strings"
	"testing"
)

// withoutIndent returns a text with the spaces around each line removed.
func withoutIndent(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// Each part of a program in the README is part of an example that is run.
func TestReadmeHasTheExamples(t *testing.T) {
	examples := withoutIndent(readFile(t, "example_test.go"))
	parts := strings.Split(readFile(t, "README.md"), "\n```go\n")
	if len(parts) == 1 {
		t.Error("the README has none")
	}
	for _, part := range parts[1:] {
		code, _, _ := strings.Cut(part, "\n```")
		if !strings.Contains(examples, withoutIndent(code)) {
			t.Errorf("not in example_test.go:\n%s", code)
		}
	}
}

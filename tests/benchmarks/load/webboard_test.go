package main

import (
	"fmt"
	"strings"
	"testing"
)

// written returns a checker of boards with one row after three writes: a score of 10, 20 and 30.
func written(t *testing.T) *webChecker {
	t.Helper()
	checker := newWebChecker(1)
	for revision := int64(1); revision <= 3; revision++ {
		checker.expect([]webRow{{UserID: "amy", Score: 10 * revision, Rank: 1, Place: 1}}, 1)
		if err := checker.acknowledged(webPosition{"e", revision}); err != nil {
			t.Fatal(err)
		}
	}
	return checker
}

func message(previous, revision int, event string) string {
	return fmt.Sprintf(`{"position":{"epoch":"e","revision":"%d"},"previousRevision":"%d",%s}`, revision, previous, event)
}

func snapshot(reason string, score int) string {
	return fmt.Sprintf(`"snapshot":{"users":[%s],"totalUsers":1,"reason":"SNAPSHOT_REASON_%s"}`, user(score, 1), reason)
}

func change(score, place int) string {
	return fmt.Sprintf(`"changes":{"changes":[{"user":%s}],"totalUsers":1}`, user(score, place))
}

func user(score, place int) string {
	return fmt.Sprintf(`{"userId":"amy","score":"%d","rank":%d,"place":%d}`, score, place, place)
}

func follow(checker *webChecker, texts []string) error {
	var held *webBoard
	for _, text := range texts {
		_, step, err := checker.check(held, []byte(text))
		if err != nil {
			return err
		}
		held = step.board
	}
	return nil
}

func TestCorrectMessagesAreAccepted(t *testing.T) {
	first := message(0, 1, snapshot("INITIAL", 10))
	for name, texts := range map[string][]string{
		"one by one": {first, message(1, 2, change(20, 1)), message(2, 3, change(30, 1)), message(3, 3, `"progress":{}`)},
		"merged":     {first, message(1, 3, change(30, 1))},
		"lagged":     {first, message(1, 3, snapshot("LAGGED", 30))},
	} {
		if err := follow(written(t), texts); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFaultsAreFound(t *testing.T) {
	first := message(0, 1, snapshot("INITIAL", 10))
	for due, texts := range map[string][]string{
		"a gap: the message continues from revision 2": {first, message(2, 3, change(30, 1))},
		"a board of 1 users with the rows [{amy 10":    {first, message(1, 2, change(10, 1))},
		"revision 1, of 3 writes":                      {first, message(1, 2, change(20, 1)), message(2, 1, change(10, 1))},
		"revision 4, of 3 writes":                      {first, message(1, 4, change(40, 1))},
		"a change has place 0":                         {first, message(1, 2, change(20, 0))},
		"a snapshot with the reason INITIAL":           {first, message(1, 2, snapshot("INITIAL", 20))},
		"a snapshot with the reason LAGGED":            {message(0, 1, snapshot("LAGGED", 10))},
		"no snapshot at the start":                     {message(0, 1, change(10, 1))},
		"another epoch than e":                         {strings.Replace(first, `"e"`, `"f"`, 1)},
		"a message with 0 events":                      {first, message(1, 2, `"serviceLost":{}`)},
		"a message with 2 events":                      {first, message(1, 2, change(20, 1)+`,"progress":{}`)},
	} {
		if err := follow(written(t), texts); err == nil || !strings.Contains(err.Error(), due) {
			t.Errorf("%q is due, not %v", due, err)
		}
	}
}

func TestMessagesOverAPositionOfOthersAreMerged(t *testing.T) {
	checker := written(t)
	first := message(0, 1, snapshot("INITIAL", 10))
	for _, texts := range [][]string{
		{first, message(1, 2, change(20, 1)), message(2, 3, change(30, 1))},
		{first, message(1, 3, change(30, 1))},
		{first, message(1, 3, change(30, 1))},
	} {
		if err := follow(checker, texts); err != nil {
			t.Fatal(err)
		}
	}
	if merged := checker.merged(); merged != 2 {
		t.Errorf("%d messages are merged", merged)
	}
}

package leaderboard

import (
	"errors"
	"slices"
	"testing"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// The loop over contests gets each page when it comes to it, and all of them if it goes on.
func TestListContests(t *testing.T) {
	fake := &fakeContests{}
	client := startContests(t, fake)
	list := client.ListContests(soon(t), ContestsQuery{PageSize: 30})
	for contest, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		if contest.ContestID == "30" {
			break
		}
	}
	if len(fake.requests) != 2 {
		t.Errorf("%d pages for 31 contests", len(fake.requests))
	}
	var listed []string
	for contest, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, contest.ContestID)
	}
	if len(listed) != 100 || !slices.IsSorted(listed) || len(fake.requests) != 6 {
		t.Errorf("%d pages: %v", len(fake.requests), listed)
	}
	for range client.ListContests(soon(t), ContestsQuery{IDPrefix: "4", PageSize: 30, State: ContestClosed}) {
	}
	checkSent(t, fake.requests[6], &pb.ListContestsRequest{
		PageSize: 30, IdPrefix: "4", State: pb.ContestState_CONTEST_STATE_CLOSED,
	})
}

// The loop over contests goes on after an empty page, and ends with the error of one.
func TestPagesOfContests(t *testing.T) {
	pages := &pagedContests{pages: []*pb.ListContestsResponse{
		{NextPageToken: "a"},
		{Contests: []*pb.Contest{{ContestId: "lap"}}, NextPageToken: "b"},
	}}
	client := (&fakeService{contests: pages}).start(t)
	var listed []string
	var failed error
	for contest, err := range client.ListContests(soon(t), ContestsQuery{}) {
		if failed = err; err == nil {
			listed = append(listed, contest.ContestID)
		}
	}
	if len(listed) != 1 || !errors.Is(failed, ErrInvalidRequest) {
		t.Errorf("%v, %v", listed, failed)
	}
	checkEqual(t, pages.tokens, []string{"", "a", "b"})
}

// The hidden users of a contest come with and without a score, over all pages.
func TestListHiddenUsers(t *testing.T) {
	fake := &fakeContests{}
	client := startContests(t, fake)
	var listed []HiddenUser
	for user, err := range client.ListHiddenUsers(soon(t), HiddenUsersQuery{ContestID: "lap", PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, user)
	}
	checkEqual(t, listed, []HiddenUser{
		{UserID: "ada", Score: 7, HasScore: true, DisplayName: "Ada", Attributes: map[string]string{"team": "red"}},
		{UserID: "bob"},
		{UserID: "eve", Score: 0, HasScore: true},
	})
	checkSent(t, fake.requests[0], &pb.ListHiddenUsersRequest{ContestId: "lap", PageSize: 2})
	checkSent(t, fake.requests[1], &pb.ListHiddenUsersRequest{ContestId: "lap", PageSize: 2, PageToken: "last"})
	for range client.ListHiddenUsers(soon(t), HiddenUsersQuery{ContestID: "lap"}) {
		break
	}
	if len(fake.requests) != 3 {
		t.Errorf("%d pages, the last one is not needed", len(fake.requests))
	}
}

// A user is erased part by part, as long as the loop goes on, and from the given part on.
func TestEraseUser(t *testing.T) {
	fake := &fakeContests{}
	client := startContests(t, fake)
	var parts []ErasedPart
	for part, err := range client.EraseUser(soon(t), "ada", "") {
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	checkEqual(t, parts, []ErasedPart{{2, "last"}, {1, ""}})
	for part := range client.EraseUser(soon(t), "ada", "last") {
		checkEqual(t, part, ErasedPart{1, ""})
	}
	for range client.EraseUser(soon(t), "ada", "") {
		break
	}
	first := &pb.EraseUserRequest{UserId: "ada"}
	last := &pb.EraseUserRequest{UserId: "ada", PageToken: "last"}
	for i, want := range []*pb.EraseUserRequest{first, last, last, first} {
		checkSent(t, fake.requests[i], want)
	}
	if len(fake.requests) != 4 {
		t.Errorf("%d calls", len(fake.requests))
	}
}

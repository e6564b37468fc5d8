package leaderboard

import (
	"context"
	"iter"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// UsersChanged is the outcome of a call that removed, hid or unhid users.
type UsersChanged struct {
	// Count is the number of users that the call changed. It may be 0 if an earlier attempt of the call
	// changed them.
	Count int
	// Position is the position of the contest right after the call; zero if there is no such contest.
	Position Position
}

// RemoveUsers removes 1 to 1,000 users from the current season of a contest, with their scores, names and
// attributes, in one atomic step; it counts those that had a score. A later update begins such a user
// again; a hidden user stays hidden. Users and contests that do not exist are no error. The service keeps
// earlier changes of these users for a while, and their rows in seasons that are over;
// [Client.EraseUser] removes those too.
func (c *Client) RemoveUsers(ctx context.Context, contestID string, userIDs []string) (UsersChanged, error) {
	if err := checkUsersUTF8(contestID, userIDs); err != nil {
		return UsersChanged{}, err
	}
	request := &pb.RemoveUsersRequest{ContestId: contestID, UserIds: userIDs}
	return usersChanged(call(ctx, c, stubs.RemoveUsers, request))
}

// HideUsers hides 1 to 1,000 users of a contest in one atomic step; it counts those that were not
// hidden. Their rows leave the board, while their updates count on, without a rank and unseen by
// watches. They stay hidden in later seasons; seasons that are over do not change. A user without a
// score is hidden too, for when it gets one. In a contest that does not exist nothing is hidden, which
// is no error.
func (c *Client) HideUsers(ctx context.Context, contestID string, userIDs []string) (UsersChanged, error) {
	if err := checkUsersUTF8(contestID, userIDs); err != nil {
		return UsersChanged{}, err
	}
	request := &pb.HideUsersRequest{ContestId: contestID, UserIds: userIDs}
	return usersChanged(call(ctx, c, stubs.HideUsers, request))
}

// UnhideUsers ends the hiding of 1 to 1,000 users in one atomic step; it counts those that were hidden.
// Each row returns to the board with its score of now, at the place that it would have if it had never
// been hidden. Users that are not hidden are no error.
func (c *Client) UnhideUsers(ctx context.Context, contestID string, userIDs []string) (UsersChanged, error) {
	if err := checkUsersUTF8(contestID, userIDs); err != nil {
		return UsersChanged{}, err
	}
	request := &pb.UnhideUsersRequest{ContestId: contestID, UserIds: userIDs}
	return usersChanged(call(ctx, c, stubs.UnhideUsers, request))
}

// usersResponse is a response to a call that changes users.
type usersResponse interface {
	GetCount() int32
	GetPosition() *pb.Position
}

func usersChanged(response usersResponse, err error) (UsersChanged, error) {
	if err != nil {
		return UsersChanged{}, err
	}
	return UsersChanged{Count: int(response.GetCount()), Position: position(response.GetPosition())}, nil
}

// HiddenUsersQuery selects the hidden users of a contest.
type HiddenUsersQuery struct {
	// ContestID is the contest. Required.
	ContestID string
	// PageSize is the maximum number of users to get with one call, up to 1,000; 100 by default.
	PageSize int
}

// HiddenUser is a hidden user of a contest.
type HiddenUser struct {
	// UserID is the id of the user.
	UserID string
	// Score is the score of the user if HasScore is true.
	Score int64
	// HasScore is whether the user has a score: one without is hidden for when it gets one.
	HasScore bool
	// DisplayName is the user's human-readable name; empty if none was given.
	DisplayName string
	// Attributes are the data of the user that were set in updates; nil if there are none.
	Attributes map[string]string
}

// ListHiddenUsers returns the hidden users of a contest, in no particular order; none if there is no
// such contest.
//
// It gets them page by page as [Client.ListContests] does. A user that is hidden or unhidden meanwhile
// may be missing, or come twice.
func (c *Client) ListHiddenUsers(ctx context.Context, query HiddenUsersQuery) iter.Seq2[HiddenUser, error] {
	get := func(token string) (*pb.ListHiddenUsersResponse, error) {
		if err := checkUTF8(textField{"contest_id", query.ContestID}); err != nil {
			return nil, err
		}
		return call(ctx, c, stubs.ListHiddenUsers, &pb.ListHiddenUsersRequest{
			ContestId: query.ContestID,
			PageSize:  toInt32(query.PageSize),
			PageToken: token,
		})
	}
	return func(yield func(HiddenUser, error) bool) {
		for page, err := range pages("", get) {
			if err != nil {
				yield(HiddenUser{}, err)
				return
			}
			for _, user := range hiddenUsers(page) {
				if !yield(user, nil) {
					return
				}
			}
		}
	}
}

func hiddenUsers(page *pb.ListHiddenUsersResponse) []HiddenUser {
	var users []HiddenUser
	for _, user := range page.GetUsers() {
		users = append(users, HiddenUser{
			UserID:      user.GetUserId(),
			Score:       user.GetScore(),
			HasScore:    true,
			DisplayName: user.GetDisplayName(),
			Attributes:  user.GetAttributes(),
		})
	}
	for _, userID := range page.GetUserIdsWithoutScore() {
		users = append(users, HiddenUser{UserID: userID})
	}
	return users
}

// ErasedPart is a part of all contests from which a user was erased.
type ErasedPart struct {
	// ContestsChanged is the number of contests of this part that held the user.
	ContestsChanged int
	// NextPageToken is the token of the next part; empty after the last one.
	NextPageToken string
}

// EraseUser erases a user from all contests, hidden or not, with all that names it: its rows in current
// and in kept seasons, names and attributes, that it is hidden, and the history that watches resume from,
// so that those that resume from before get a snapshot with the reason SnapshotHistoryTrimmed. An update
// of the user that arrives later begins it again.
//
//	for part, err := range client.EraseUser(ctx, "ada", "") {
//		if err != nil {
//			return err
//		}
//		changed += part.ContestsChanged
//	}
//
// Each part of all contests is a call of its own, made when the loop comes to it: a loop that ends early
// leaves the others. To go on later, pass the NextPageToken of the last part; with an empty token it
// begins with the first part. It can be repeated at any time.
func (c *Client) EraseUser(ctx context.Context, userID, pageToken string) iter.Seq2[ErasedPart, error] {
	get := func(token string) (*pb.EraseUserResponse, error) {
		if err := checkUTF8(textField{"user_id", userID}, textField{"page_token", token}); err != nil {
			return nil, err
		}
		return call(ctx, c, stubs.EraseUser, &pb.EraseUserRequest{UserId: userID, PageToken: token})
	}
	return func(yield func(ErasedPart, error) bool) {
		for part, err := range pages(pageToken, get) {
			erased := ErasedPart{int(part.GetContestsChanged()), part.GetNextPageToken()}
			if !yield(erased, err) {
				return
			}
		}
	}
}

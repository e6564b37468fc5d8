package main

import (
	"cmp"
	"context"
	"slices"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

type deleteArgs struct {
	ContestID string `json:"contest_id"`
	Epoch     string `json:"epoch"`
}

type usersArgs struct {
	ContestID string   `json:"contest_id"`
	UserIDs   []string `json:"user_ids"`
}

type hiddenUsersArgs struct {
	ContestID string `json:"contest_id"`
	PageSize  int    `json:"page_size"`
}

type eraseArgs struct {
	UserID string `json:"user_id"`
}

type hiddenUser struct {
	UserID      string            `json:"user_id"`
	Score       *int64            `json:"score"`
	DisplayName string            `json:"display_name"`
	Attributes  map[string]string `json:"attributes"`
}

func (d *driver) deleteContest(ctx context.Context, args deleteArgs) (any, error) {
	return struct{}{}, d.client.DeleteContest(ctx, args.ContestID, args.Epoch)
}

func (d *driver) removeUsers(ctx context.Context, args usersArgs) (any, error) {
	return usersResponse(d.client.RemoveUsers(ctx, args.ContestID, args.UserIDs))
}

func (d *driver) hideUsers(ctx context.Context, args usersArgs) (any, error) {
	return usersResponse(d.client.HideUsers(ctx, args.ContestID, args.UserIDs))
}

func (d *driver) unhideUsers(ctx context.Context, args usersArgs) (any, error) {
	return usersResponse(d.client.UnhideUsers(ctx, args.ContestID, args.UserIDs))
}

func usersResponse(changed leaderboard.UsersChanged, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return map[string]any{"count": changed.Count, "position": position(changed.Position)}, nil
}

// hiddenUsers returns the hidden users of a contest by their ids.
func (d *driver) hiddenUsers(ctx context.Context, args hiddenUsersArgs) (any, error) {
	query := leaderboard.HiddenUsersQuery{ContestID: args.ContestID, PageSize: args.PageSize}
	listed := []hiddenUser{}
	for user, err := range d.client.ListHiddenUsers(ctx, query) {
		if err != nil {
			return nil, err
		}
		listed = append(listed, hiddenUserOf(user))
	}
	slices.SortFunc(listed, func(one, other hiddenUser) int { return cmp.Compare(one.UserID, other.UserID) })
	return map[string]any{"users": listed}, nil
}

func hiddenUserOf(received leaderboard.HiddenUser) hiddenUser {
	user := hiddenUser{UserID: received.UserID, DisplayName: received.DisplayName, Attributes: received.Attributes}
	if received.HasScore {
		user.Score = &received.Score
	}
	if user.Attributes == nil {
		user.Attributes = map[string]string{}
	}
	return user
}

// eraseUser erases a user from all contests, and returns from how many.
func (d *driver) eraseUser(ctx context.Context, args eraseArgs) (any, error) {
	changed := 0
	for part, err := range d.client.EraseUser(ctx, args.UserID, "") {
		if err != nil {
			return nil, err
		}
		changed += part.ContestsChanged
	}
	return map[string]any{"contests_changed": changed}, nil
}

package main

import (
	"encoding/json"
	"strconv"
	"strings"

	leaderboardv1 "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// tieKey is the length of the tie key, with which members and the entries of users begin.
const tieKey = 14

var (
	errRange  = status.Error(codes.OutOfRange, "the score would pass the bounds")
	errReused = status.Error(codes.FailedPrecondition, "the request id was used with another payload")
)

// decodeCommit returns the response to an update, and the position after its commit.
func decodeCommit(user, reply string) (*leaderboardv1.UpdateScoreResponse, position, error) {
	logged, rest, _ := strings.Cut(reply, "\n")
	var payload, others []any
	if err := json.Unmarshal([]byte(logged), &payload); err != nil {
		return nil, position{}, err
	}
	after := position{payload[0].(string), int64(payload[2].(float64))}
	if len(payload) == 4 {
		if err := json.Unmarshal([]byte(rest), &others); err != nil {
			return nil, after, err
		}
		response, err := decodeOther(user, others[1].(string), after)
		return response, after, err
	}
	change := payload[4].([]any)
	score, rank, before, previousRank := change[1].(float64), change[2].(float64), change[3].(float64), change[4].(float64)
	return &leaderboardv1.UpdateScoreResponse{
		User:          row(user, int64(score), int32(rank), change[7].(string)),
		PreviousScore: int64(before), PreviousRank: int32(previousRank), PreviousPlace: int32(previousRank),
		Applied: true, Position: after.proto(),
	}, after, nil
}

// row returns a row of a contest without rules, where the rank is the place.
func row(user string, score int64, rank int32, name string) *leaderboardv1.RankedUser {
	return &leaderboardv1.RankedUser{UserId: user, Score: score, Rank: rank, Place: rank, DisplayName: name}
}

// decodeOther returns the response to an update without a change.
func decodeOther(user, outcome string, current position) (*leaderboardv1.UpdateScoreResponse, error) {
	kind, rest, _ := strings.Cut(outcome, " ")
	switch kind {
	case "range":
		return nil, errRange
	case "reused":
		return nil, errReused
	}
	answer, name, _ := strings.Cut(rest, "\x1f")
	parts := strings.Split(answer, " ")
	var numbers [5]int64
	for i := range numbers {
		number, err := strconv.ParseInt(parts[i], 10, 64)
		if err != nil {
			return nil, err
		}
		numbers[i] = number
	}
	// An answer of a lost history may have a later revision than any read can reach.
	at := position{current.epoch, min(numbers[4], current.revision)}
	return &leaderboardv1.UpdateScoreResponse{
		User:          row(user, numbers[0], int32(numbers[1]), name),
		PreviousScore: numbers[2], PreviousRank: int32(numbers[3]), PreviousPlace: int32(numbers[3]),
		Applied: parts[5] == "1", Replayed: kind == "replayed", Position: at.proto(),
	}, nil
}

// decodeRank returns the row of a user and the number of users.
func decodeRank(user string, rest []any) (*leaderboardv1.RankedUser, int32, error) {
	total, err := strconv.ParseInt(rest[0].(string), 10, 32)
	if err != nil {
		return nil, 0, err
	}
	standing := rest[1].(string)
	if standing == "" {
		return nil, 0, status.Error(codes.NotFound, "no such user")
	}
	parts := strings.SplitN(standing, " ", 3)
	index, err := strconv.ParseInt(parts[0], 10, 32)
	if err != nil {
		return nil, 0, err
	}
	score, err := strconv.ParseFloat(parts[1], 64)
	return row(user, int64(score), int32(index)+1, parts[2][tieKey:]), int32(total), err
}

// decodeBoard returns the rows from a rank on.
func decodeBoard(first int32, rest []any) (*leaderboardv1.GetTopUsersResponse, error) {
	total, err := strconv.ParseInt(rest[0].(string), 10, 32)
	if err != nil {
		return nil, err
	}
	read := rest[1].([]any)
	rows, entries := read[2].([]any), read[3].([]any)
	users := make([]*leaderboardv1.RankedUser, len(entries))
	for i, entry := range entries {
		score, err := strconv.ParseFloat(rows[2*i+1].(string), 64)
		if err != nil {
			return nil, err
		}
		name := ""
		if entry != nil {
			name = entry.(string)[tieKey:]
		}
		users[i] = row(rows[2*i].(string)[tieKey:], int64(score), first+int32(i), name)
	}
	return &leaderboardv1.GetTopUsersResponse{Users: users, TotalUsers: int32(total)}, nil
}

func (p position) proto() *leaderboardv1.Position {
	return &leaderboardv1.Position{Epoch: p.epoch, Revision: p.revision}
}

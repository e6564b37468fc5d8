package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	leaderboardv1 "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	letters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	maxScore = 1 << 53
	maxLimit = 1000
)

// errUnused is the status of a request with a field that no job uses.
var errUnused = status.Error(codes.Unimplemented, "this server has only the fields that the benchmark uses")

// alphabet says which characters a field may have, and how many.
type alphabet struct {
	first, others [256]bool
	size          int
}

func newAlphabet(first, more string, size int) *alphabet {
	made := &alphabet{size: size}
	for _, character := range []byte(first) {
		made.first[character], made.others[character] = true, true
	}
	for _, character := range []byte(more) {
		made.others[character] = true
	}
	return made
}

// The alphabets are within those of the service.
var (
	contestIDs = newAlphabet(letters, "._-", 64)
	userIDs    = newAlphabet(letters, "._:@-", 128)
	requestIDs = newAlphabet(letters+"-", "", 64)
	modes      = map[leaderboardv1.UpdateMode]string{
		leaderboardv1.UpdateMode_UPDATE_MODE_UNSPECIFIED: "increment",
		leaderboardv1.UpdateMode_UPDATE_MODE_INCREMENT:   "increment",
		leaderboardv1.UpdateMode_UPDATE_MODE_SET:         "set",
		leaderboardv1.UpdateMode_UPDATE_MODE_BEST:        "best",
	}
)

func (a *alphabet) has(text string) bool {
	if text == "" || len(text) > a.size || !a.first[text[0]] {
		return false
	}
	for i := range len(text) {
		if !a.others[text[i]] {
			return false
		}
	}
	return true
}

// checkUpdate checks all fields, since the script puts ids into JSON as they are.
func checkUpdate(r *leaderboardv1.UpdateScoreRequest) error {
	switch {
	case r.EventType != "" || r.EventTime != nil || r.DisplayName != "" || len(r.Attributes) > 0 || r.ClearDisplayName:
		return errUnused
	case !contestIDs.has(r.ContestId), !userIDs.has(r.UserId), r.RequestId != "" && !requestIDs.has(r.RequestId), modes[r.Mode] == "":
		return status.Error(codes.InvalidArgument, "contest_id, user_id, request_id or mode")
	case r.Points < -maxScore || r.Points > maxScore:
		return errRange
	}
	return nil
}

// encodeUpdate returns the update as the JSON that the commit script takes.
func encodeUpdate(r *leaderboardv1.UpdateScoreRequest, mode string) string {
	fingerprint := ""
	if r.RequestId != "" {
		fingerprint = fingerprintOf(r, mode)
	}
	return fmt.Sprintf(`[["%s","%s",%d,"%s","%s","","",""]]`, r.UserId, mode, r.Points, r.RequestId, fingerprint)
}

// fingerprintOf returns 16 hex digits that identify the payload, to detect a reused request id.
func fingerprintOf(r *leaderboardv1.UpdateScoreRequest, mode string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", r.UserId, mode, r.Points))
	return hex.EncodeToString(sum[:8])
}

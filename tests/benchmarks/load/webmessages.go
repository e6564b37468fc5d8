package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// webMessage is one distinct message. Watchers that are sent the same bytes share it, so that it is
// parsed once.
type webMessage struct {
	text string
	// number counts the distinct messages in the order in which they first came.
	number int
	// count is how often it came.
	count int64

	Position         webPosition  `json:"position"`
	PreviousRevision int64        `json:"previousRevision,string"`
	Snapshot         *webSnapshot `json:"snapshot"`
	Changes          *webChanges  `json:"changes"`
	Progress         *struct{}    `json:"progress"`
}

type webPosition struct {
	Epoch    string `json:"epoch"`
	Revision int64  `json:"revision,string"`
}

type webSnapshot struct {
	Users      []webRow `json:"users"`
	TotalUsers int      `json:"totalUsers"`
	Reason     string   `json:"reason"`
}

type webChanges struct {
	Changes []struct {
		User    webRow `json:"user"`
		Removed bool   `json:"removed"`
	} `json:"changes"`
	TotalUsers int `json:"totalUsers"`
}

// webRow is a RankedUser of a contest with ordinal ranks: place and rank are its number.
type webRow struct {
	UserID      string `json:"userId"`
	Score       int64  `json:"score,string"`
	Rank        int    `json:"rank"`
	DisplayName string `json:"displayName"`
	Place       int    `json:"place"`
}

// reasonInitial is the reason of the first snapshot; others are those of a watcher that lagged.
const (
	reasonInitial = "INITIAL"
	reasonLagged  = "LAGGED"
)

func parseWebMessage(text string) (*webMessage, error) {
	m := &webMessage{text: text}
	if err := json.Unmarshal([]byte(text), m); err != nil {
		return nil, fmt.Errorf("%w in the message %.300s", err, text)
	}
	events := 0
	for _, is := range []bool{m.Snapshot != nil, m.Changes != nil, m.Progress != nil} {
		if is {
			events++
		}
	}
	if events != 1 {
		return nil, fmt.Errorf("a message with %d events: %.300s", events, text)
	}
	return m, nil
}

// reason returns the short reason of a snapshot; empty for another message.
func (m *webMessage) reason() string {
	if m.Snapshot == nil {
		return ""
	}
	return strings.TrimPrefix(m.Snapshot.Reason, "SNAPSHOT_REASON_")
}

package main

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a message; its type decides whether text or value is set.
type field struct {
	number protowire.Number
	text   []byte
	value  int64
}

// fields calls visit for each field of a message, and returns whether the message is well-formed.
func fields(message []byte, visit func(field)) bool {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return false
		}
		message = message[size:]
		found := field{number: number}
		switch kind {
		case protowire.VarintType:
			var value uint64
			value, size = protowire.ConsumeVarint(message)
			found.value = int64(value)
		case protowire.BytesType:
			found.text, size = protowire.ConsumeBytes(message)
		default:
			size = protowire.ConsumeFieldValue(number, kind, message)
		}
		if size < 0 {
			return false
		}
		message = message[size:]
		visit(found)
	}
	return true
}

// row holds the fields of a RankedUser that are checked.
type row struct {
	user  string
	score int64
}

func parseRow(message []byte) row {
	var parsed row
	fields(message, func(f field) {
		switch f.number {
		case 1:
			parsed.user = string(f.text)
		case 2:
			parsed.score = f.value
		}
	})
	return parsed
}

// firstRow returns the RankedUser in field 1 of an UpdateScoreResponse or GetUserRankResponse.
func firstRow(message []byte) row {
	var parsed row
	fields(message, func(f field) {
		if f.number == 1 {
			parsed = parseRow(f.text)
		}
	})
	return parsed
}

// check checks a response with the status OK, and returns the number of updates that it acknowledges.
func (j *job) check(answered *call) (acknowledged int, problem error) {
	if len(answered.response) < grpcPrefix {
		return 0, fmt.Errorf("no message")
	}
	message := answered.response[grpcPrefix:]
	switch answered.kind.name {
	case "update":
		return 1, checkUpdate(message, answered.expects.(string))
	case "rank":
		return 0, checkUser(message, answered.expects.(string))
	case "write":
		return 1, j.recordLeader(answered.expects.(int), message)
	case "batch":
		acknowledged = countAccepted(message)
		if acknowledged != j.options.batch {
			return acknowledged, fmt.Errorf("updates of a batch were refused")
		}
	case "top":
		return 0, j.checkBoard(message, answered.expects.(*[leaders]int64))
	}
	return acknowledged, nil
}

func checkUser(message []byte, expected string) error {
	if firstRow(message).user != expected {
		return fmt.Errorf("the response is about another user")
	}
	return nil
}

// checkUpdate checks that an update was not taken for the repetition of an earlier one.
func checkUpdate(message []byte, user string) error {
	replayed := false
	fields(message, func(f field) {
		if f.number == 5 {
			replayed = f.value != 0
		}
	})
	if replayed {
		return fmt.Errorf("a new update got the response of an earlier one")
	}
	return checkUser(message, user)
}

// recordLeader records the acknowledged score of a leader.
func (j *job) recordLeader(leader int, message []byte) error {
	got := firstRow(message)
	if got.user != "hot"+strconv.Itoa(leader) {
		return fmt.Errorf("the response is about another user")
	}
	known := &j.acknowledged[leader]
	for before := known.Load(); before < got.score; before = known.Load() {
		if known.CompareAndSwap(before, got.score) {
			break
		}
	}
	return nil
}

// countAccepted returns the number of accepted updates of a batch.
func countAccepted(message []byte) int {
	accepted := 0
	fields(message, func(result field) {
		if result.number == 1 {
			fields(result.text, func(outcome field) {
				if outcome.number == 1 {
					accepted++
				}
			})
		}
	})
	return accepted
}

// checkBoard checks that each leader has at least the score acknowledged before the read began.
func (j *job) checkBoard(message []byte, expected *[leaders]int64) error {
	var seen [leaders]int64
	rows := 0
	isValid := fields(message, func(f field) {
		if f.number != 1 {
			return
		}
		rows++
		got := parseRow(f.text)
		if name, ok := strings.CutPrefix(got.user, "hot"); ok {
			if leader, err := strconv.Atoi(name); err == nil && leader < leaders {
				seen[leader] = got.score
			}
		}
	})
	if !isValid || rows != min(j.options.limit, leaders+j.options.users) {
		return fmt.Errorf("a board has %d rows", rows)
	}
	for leader, score := range expected {
		if seen[leader] < score {
			return fmt.Errorf("stale: a board is older than an acknowledged write")
		}
	}
	return nil
}

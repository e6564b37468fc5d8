package main

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a message; text or number is set, as its type says.
type field struct {
	number protowire.Number
	text   []byte
	value  int64
}

// fields calls visit for each field of a message, and tells whether the message is sound.
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

// row is what is checked of a RankedUser.
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

// judge checks an answer with the status OK, and returns how many updates it acknowledges.
func (j *job) judge(answered *call) (acknowledged int, problem error) {
	if len(answered.answer) < grpcPrefix {
		return 0, fmt.Errorf("no message")
	}
	message := answered.answer[grpcPrefix:]
	switch answered.kind.name {
	case "update", "rank":
		if answered.kind.name == "update" {
			acknowledged = 1
		}
		if got := firstRow(message).user; got != answered.expects {
			return acknowledged, fmt.Errorf("the answer is about another user")
		}
	case "write":
		return 1, j.noteLeader(answered.expects.(int), message)
	case "batch":
		acknowledged = countTaken(message)
		if acknowledged != j.options.batch {
			return acknowledged, fmt.Errorf("updates of a batch were refused")
		}
	case "top":
		return 0, j.checkBoard(message, answered.expects.(*[leaders]int64))
	}
	return acknowledged, nil
}

// noteLeader keeps the score of a leader that was acknowledged.
func (j *job) noteLeader(leader int, message []byte) error {
	got := firstRow(message)
	if got.user != "hot"+strconv.Itoa(leader) {
		return fmt.Errorf("the answer is about another user")
	}
	known := &j.acknowledged[leader]
	for before := known.Load(); before < got.score; before = known.Load() {
		if known.CompareAndSwap(before, got.score) {
			break
		}
	}
	return nil
}

// countTaken counts the results of a batch that are answers and no refusals.
func countTaken(message []byte) int {
	taken := 0
	fields(message, func(result field) {
		if result.number == 1 {
			fields(result.text, func(outcome field) {
				if outcome.number == 1 {
					taken++
				}
			})
		}
	})
	return taken
}

// checkBoard looks for each leader with at least the score that was known when the read began.
func (j *job) checkBoard(message []byte, expected *[leaders]int64) error {
	var seen [leaders]int64
	rows := 0
	sound := fields(message, func(f field) {
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
	if !sound || rows != min(j.options.limit, leaders+j.options.users) {
		return fmt.Errorf("a board has %d rows", rows)
	}
	for leader, score := range expected {
		if seen[leader] < score {
			return fmt.Errorf("stale: a board is older than an acknowledged write")
		}
	}
	return nil
}

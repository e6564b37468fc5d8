package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// callTimeout is the time that one call may take.
const callTimeout = 10 * time.Second

// webWriter is the only writer of a contest that begins empty. So it knows the revision and the board of
// each write before it is sent.
type webWriter struct {
	connection *connection
	contest    string
	checker    *webChecker
	random     *rand.Rand
	rows       []webRow // all, best first
}

// fill writes all users for the first time.
func (w *webWriter) fill(users int) error {
	for number := range users {
		row := webRow{UserID: "u" + strconv.Itoa(number), DisplayName: "Zoë of team " + strconv.Itoa(number)}
		if err := w.write(row, int64(1000*(number+1))); err != nil {
			return err
		}
	}
	return nil
}

// run writes at a rate until it is stopped, and returns the number of writes.
func (w *webWriter) run(rate float64, stopped <-chan struct{}) (int64, error) {
	began := time.Now()
	for written := int64(0); ; written++ {
		due := began.Add(time.Duration(float64(written) * float64(time.Second) / rate))
		select {
		case <-stopped:
			return written, nil
		case <-time.After(time.Until(due)):
		}
		if err := w.raise(); err != nil {
			return written, err
		}
	}
}

// raise moves a random user up into the first rows, so that each write changes what watchers see.
func (w *webWriter) raise() error {
	place := 1 + w.random.IntN(len(w.rows)-1)
	target := w.random.IntN(min(place, w.checker.limit))
	score := w.rows[target].Score + 1 + w.random.Int64N(1000)
	for slices.ContainsFunc(w.rows, func(row webRow) bool { return row.Score == score }) {
		score++
	}
	return w.write(w.rows[place], score-w.rows[place].Score)
}

// write adds points to a user's score, and waits for the response.
func (w *webWriter) write(row webRow, points int64) error {
	row.Score += points
	w.rows = slices.DeleteFunc(w.rows, func(held webRow) bool { return held.UserID == row.UserID })
	place, _ := slices.BinarySearchFunc(w.rows, row, func(held, new webRow) int { return int(new.Score - held.Score) })
	w.rows = numbered(slices.Insert(w.rows, place, row))
	w.checker.expect(slices.Clone(w.rows[:min(len(w.rows), w.checker.limit)]), len(w.rows))

	body := appendUpdate(make([]byte, grpcPrefix, 128), w.contest, row.UserID, points)
	body = appendText(body, 8, row.DisplayName)
	answer, err := w.call("UpdateScore", body)
	if err != nil {
		return err
	}
	return w.checker.acknowledged(positionOf(answer))
}

// call sends a request with room for the prefix, and waits for the response.
func (w *webWriter) call(method string, body []byte) ([]byte, error) {
	answered := make(chan *call, 1)
	w.connection.start(&call{method: service + method, body: frameMessage(body), onDone: func(ended *call) { answered <- ended }})
	w.connection.flush()
	select {
	case ended := <-answered:
		if ended.status != "0" || len(ended.response) < grpcPrefix {
			return nil, fmt.Errorf("%s: %s", method, describe(ended.status))
		}
		return ended.response[grpcPrefix:], nil
	case <-time.After(callTimeout):
		return nil, fmt.Errorf("%s has no response", method)
	}
}

// positionOf returns the position in an UpdateScoreResponse.
func positionOf(message []byte) webPosition {
	var position webPosition
	fields(message, func(f field) {
		if f.number != 6 {
			return
		}
		fields(f.text, func(f field) {
			switch f.number {
			case 1:
				position.Epoch = string(f.text)
			case 2:
				position.Revision = f.value
			}
		})
	})
	return position
}

// parseWebRow reads a RankedUser.
func parseWebRow(message []byte) webRow {
	var row webRow
	fields(message, func(f field) {
		switch f.number {
		case 1:
			row.UserID = string(f.text)
		case 2:
			row.Score = f.value
		case 3:
			row.Rank = int(f.value)
		case 4:
			row.DisplayName = string(f.text)
		case 5:
			row.Place = int(f.value)
		}
	})
	return row
}

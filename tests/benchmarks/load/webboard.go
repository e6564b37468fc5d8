package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// webBoard is the board of a contest at one revision.
type webBoard struct {
	position webPosition
	// rows are the first rows up to the limit, best first.
	rows  []webRow
	total int
	// written is when the write of this revision began.
	written time.Time
	// steps are the messages that followed this board, each checked once.
	steps map[*webMessage]webStep
}

// webStep is where a message leads from a board.
type webStep struct {
	board *webBoard
	// oldest is when the first write since the board before began.
	oldest time.Time
}

// webChecker checks messages against the boards that the writer expects, one at each revision. The
// result of a message after a board is kept: a step that thousands of watchers take is checked once.
type webChecker struct {
	limit    int
	mu       sync.Mutex
	byText   map[string]*webMessage
	messages []*webMessage
	boards   []*webBoard // by revision
}

func newWebChecker(limit int) *webChecker {
	return &webChecker{limit: limit, byText: map[string]*webMessage{}, boards: []*webBoard{{}}}
}

// expect adds the board of the next revision, whose write begins now.
func (c *webChecker) expect(rows []webRow, total int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.boards = append(c.boards, &webBoard{
		position: webPosition{Revision: int64(len(c.boards))}, rows: rows, total: total, written: time.Now(), steps: map[*webMessage]webStep{},
	})
}

// acknowledged notes the epoch of a revision.
func (c *webChecker) acknowledged(position webPosition) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if latest := int64(len(c.boards) - 1); position.Revision != latest {
		return fmt.Errorf("write %d of the contest has the revision %d", latest, position.Revision)
	}
	c.boards[position.Revision].position.Epoch = position.Epoch
	return nil
}

func (c *webChecker) latest() *webBoard {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.boards[len(c.boards)-1]
}

// check returns the message of a text, and where it leads from the board that a watcher holds, which
// is nil before the first message.
func (c *webChecker) check(held *webBoard, text []byte) (*webMessage, webStep, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	message, ok := c.byText[string(text)]
	if !ok {
		var err error
		if message, err = parseWebMessage(string(text)); err != nil {
			return nil, webStep{}, err
		}
		message.number = len(c.messages)
		c.messages = append(c.messages, message)
		c.byText[message.text] = message
	}
	message.count++
	if held == nil {
		held = c.boards[0]
	}
	if step, ok := held.steps[message]; ok {
		return message, step, nil
	}
	step, err := c.step(held, message)
	if err != nil {
		return nil, step, fmt.Errorf("%w, after revision %d, in the message %.1000s", err, held.position.Revision, message.text)
	}
	if held != c.boards[0] {
		held.steps[message] = step
	}
	return message, step, nil
}

// step checks that a message continues from a board, and leads to the board that is expected.
func (c *webChecker) step(held *webBoard, message *webMessage) (webStep, error) {
	from, to := held.position.Revision, message.Position.Revision
	if message.PreviousRevision != from {
		return webStep{}, fmt.Errorf("a gap: the message continues from revision %d", message.PreviousRevision)
	}
	if to < from || to >= int64(len(c.boards)) {
		return webStep{}, fmt.Errorf("revision %d, of %d writes", to, len(c.boards)-1)
	}
	due := c.boards[to]
	if known := c.boards[1].position.Epoch; message.Position.Epoch != known {
		return webStep{}, fmt.Errorf("another epoch than %s", known)
	}
	rows, total, err := c.after(held, message)
	if err != nil {
		return webStep{}, err
	}
	if !slices.Equal(rows, due.rows) || total != due.total {
		return webStep{}, fmt.Errorf("a board of %d users with the rows %v, where %d with %v are due", total, rows, due.total, due.rows)
	}
	return webStep{due, c.boards[min(from+1, to)].written}, nil
}

// after returns the rows and the number of users after a message, by the rules of the contract.
func (c *webChecker) after(held *webBoard, message *webMessage) ([]webRow, int, error) {
	isFirst := held == c.boards[0]
	switch {
	case message.Snapshot != nil:
		due := reasonLagged
		if isFirst {
			due = reasonInitial
		}
		if message.reason() != due {
			return nil, 0, fmt.Errorf("a snapshot with the reason %s", message.reason())
		}
		return message.Snapshot.Users, message.Snapshot.TotalUsers, nil
	case isFirst:
		return nil, 0, fmt.Errorf("no snapshot at the start")
	case message.Progress != nil:
		return held.rows, held.total, nil
	}
	rows, err := c.changed(held.rows, message.Changes)
	return rows, message.Changes.TotalUsers, err
}

func (c *webChecker) changed(before []webRow, changes *webChanges) ([]webRow, error) {
	rows := slices.Clone(before)
	for _, change := range changes.Changes {
		rows = slices.DeleteFunc(rows, func(row webRow) bool { return row.UserID == change.User.UserID })
		place := change.User.Place
		switch {
		case change.Removed || place > c.limit:
			continue
		case place < 1 || place > len(rows)+1:
			return nil, fmt.Errorf("a change has place %d, the board %d rows", place, len(rows))
		}
		rows = slices.Insert(rows, place-1, change.User)
		rows = rows[:min(len(rows), c.limit)]
	}
	return numbered(rows), nil
}

// numbered sets places and ranks to the numbers of the rows.
func numbered(rows []webRow) []webRow {
	for i := range rows {
		rows[i].Place, rows[i].Rank = i+1, i+1
	}
	return rows
}

// merged counts the messages over a position at which some watcher had a message.
func (c *webChecker) merged() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	stops := make([]int64, len(c.boards)+1) // stops[r] is the number of such positions before revision r
	for _, message := range c.messages {
		stops[message.Position.Revision+1] = 1
	}
	for i := 1; i < len(stops); i++ {
		stops[i] += stops[i-1]
	}
	merged := int64(0)
	for _, message := range c.messages {
		if message.Changes != nil && stops[message.Position.Revision] > stops[message.PreviousRevision+1] {
			merged += message.count
		}
	}
	return merged
}

package main

import (
	cryptorand "crypto/rand"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protowire"
)

const service = "/leaderboard.v1.LeaderboardService/"

// leaders is the number of first rows of a seeded board, hot0 to hot9. Updates concurrent to reads
// change these rows, so that every update changes the result of the reads.
const leaders = 10

type jobOptions struct {
	job      string
	contests int
	users    int
	limit    int
	batch    int
	points   int64
	seed     uint64
	// requestIDs has each update carry a new request id.
	requestIDs bool
}

// job makes the requests of one connection and checks their responses.
type job struct {
	options jobOptions
	random  *rand.Rand
	// ids makes request ids, which must differ from those of any run before on the same store.
	ids   *rand.ChaCha8
	kinds *kinds
	// acknowledged holds the highest acknowledged score of each leader.
	acknowledged *[leaders]atomic.Int64
}

func newJob(options jobOptions, number int, kinds *kinds, acknowledged *[leaders]atomic.Int64) *job {
	random := rand.New(rand.NewPCG(options.seed, uint64(number)))
	var seed [32]byte
	cryptorand.Read(seed[:]) // never fails
	return &job{options, random, rand.NewChaCha8(seed), kinds, acknowledged}
}

// next makes the next call of the job.
func (j *job) next() (*call, error) {
	switch j.options.job {
	case "empty":
		return &call{kind: j.kinds.of("empty"), method: service + "GetTopUsers", body: frameMessage(make([]byte, grpcPrefix))}, nil
	case "update":
		return j.update(), nil
	case "batch":
		return j.updates(), nil
	case "top":
		return j.top(), nil
	case "rank":
		return j.rank(), nil
	case "mix":
		switch share := j.random.IntN(100); {
		case share < 80:
			return j.rank(), nil
		case share < 95:
			return j.top(), nil
		default:
			return j.update(), nil
		}
	}
	return nil, fmt.Errorf("unknown job %q", j.options.job)
}

func (j *job) contest() string {
	if j.options.contests == 1 {
		return "hot"
	}
	return "c" + strconv.Itoa(j.random.IntN(j.options.contests))
}

func (j *job) user() string {
	return "u" + strconv.Itoa(j.random.IntN(j.options.users))
}

// appendUpdate writes an UpdateScoreRequest.
func appendUpdate(body []byte, contest, user string, points int64) []byte {
	body = appendText(body, 1, contest)
	body = appendText(body, 2, user)
	return appendNumber(body, 3, points)
}

func appendText(body []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(body, field, protowire.BytesType), text)
}

func appendNumber(body []byte, field protowire.Number, number int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(body, field, protowire.VarintType), uint64(number))
}

// requestID returns a new request id in the form of the clients' ids: 32 random hex digits.
func (j *job) requestID() string {
	var id [16]byte
	j.ids.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

func (j *job) update() *call {
	user := j.user()
	body := appendUpdate(make([]byte, grpcPrefix, 96), j.contest(), user, j.options.points)
	if j.options.requestIDs {
		body = appendText(body, 5, j.requestID())
	}
	return &call{kind: j.kinds.of("update"), method: service + "UpdateScore", body: frameMessage(body), expects: user}
}

// updates makes a batch for one contest.
func (j *job) updates() *call {
	body := make([]byte, grpcPrefix, 32*j.options.batch)
	contest := j.contest()
	var one []byte
	for range j.options.batch {
		one = appendUpdate(one[:0], contest, j.user(), j.options.points)
		body = protowire.AppendBytes(protowire.AppendTag(body, 1, protowire.BytesType), one)
	}
	return &call{kind: j.kinds.of("batch"), method: service + "BatchUpdateScores", body: frameMessage(body)}
}

// top makes a read that must include the scores acknowledged before it begins.
func (j *job) top() *call {
	body := appendText(make([]byte, grpcPrefix, 32), 1, j.contest())
	body = appendNumber(body, 2, int64(j.options.limit))
	expected := new([leaders]int64)
	for i := range expected {
		expected[i] = j.acknowledged[i].Load()
	}
	return &call{kind: j.kinds.of("top"), method: service + "GetTopUsers", body: frameMessage(body), expects: expected}
}

func (j *job) rank() *call {
	user := j.user()
	body := appendText(appendText(make([]byte, grpcPrefix, 64), 1, j.contest()), 2, user)
	return &call{kind: j.kinds.of("rank"), method: service + "GetUserRank", body: frameMessage(body), expects: user}
}

// updateLeader makes an update of one of the first rows.
func (j *job) updateLeader() (*call, error) {
	leader := j.random.IntN(leaders)
	body := appendUpdate(make([]byte, grpcPrefix, 64), j.contest(), "hot"+strconv.Itoa(leader), j.options.points)
	return &call{kind: j.kinds.of("write"), method: service + "UpdateScore", body: frameMessage(body), expects: leader}, nil
}

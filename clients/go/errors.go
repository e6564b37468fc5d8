package leaderboard

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// Sentinel errors for errors.Is: an [*Error] matches the one of its [Kind]. KindOther has none.
var (
	ErrInvalidRequest     = errors.New("leaderboard: invalid request")
	ErrOutOfRange         = errors.New("leaderboard: score out of range")
	ErrNotFound           = errors.New("leaderboard: not found")
	ErrRequestIDReused    = errors.New("leaderboard: request id reused")
	ErrAlreadyExists      = errors.New("leaderboard: already exists")
	ErrFailedPrecondition = errors.New("leaderboard: failed precondition")
	ErrOverloaded         = errors.New("leaderboard: overloaded")
	ErrUnavailable        = errors.New("leaderboard: unavailable")
	ErrDeadlineExceeded   = errors.New("leaderboard: deadline exceeded")
	ErrCancelled          = errors.New("leaderboard: cancelled")
)

// ErrClosed is the cause of a call or a watch that was cancelled by closing its client.
var ErrClosed = errors.New("leaderboard: the client is closed")

// Kind classifies errors by how a caller handles them.
type Kind string

// The kinds of errors, with the status codes of the service.
const (
	// KindOther is any error of no other kind, such as UNAUTHENTICATED.
	KindOther Kind = "Other"
	// KindInvalidRequest is INVALID_ARGUMENT: a field is malformed, see Violations.
	KindInvalidRequest Kind = "InvalidRequest"
	// KindOutOfRange is OUT_OF_RANGE: the points or the score would be beyond the bounds, which are
	// 2^53 in either direction or those of the contest, see Metadata.
	KindOutOfRange Kind = "OutOfRange"
	// KindNotFound is NOT_FOUND: the user has no score in the contest, there is no such contest, or the
	// season is not kept.
	KindNotFound Kind = "NotFound"
	// KindRequestIDReused is ALREADY_EXISTS of a write: another one used the same request id.
	KindRequestIDReused Kind = "RequestIdReused"
	// KindAlreadyExists is ALREADY_EXISTS otherwise: the contest exists with other settings.
	KindAlreadyExists Kind = "AlreadyExists"
	// KindFailedPrecondition is FAILED_PRECONDITION: the contest is not open, with its state and time in
	// Metadata, the season is not the current one, which is in Metadata, the requested position can't
	// be reached, or the rule would reorder a board that has scores.
	KindFailedPrecondition Kind = "FailedPrecondition"
	// KindOverloaded is RESOURCE_EXHAUSTED: a limit of the server is reached, or the request is too
	// large.
	KindOverloaded Kind = "Overloaded"
	// KindUnavailable is UNAVAILABLE: the server or its store is not available.
	KindUnavailable Kind = "Unavailable"
	// KindDeadlineExceeded is DEADLINE_EXCEEDED: the time for the call is over.
	KindDeadlineExceeded Kind = "DeadlineExceeded"
	// KindCancelled means that the caller cancelled, by its context or by closing the client.
	KindCancelled Kind = "Cancelled"
)

var sentinels = map[Kind][]error{
	KindInvalidRequest:     {ErrInvalidRequest},
	KindOutOfRange:         {ErrOutOfRange},
	KindNotFound:           {ErrNotFound},
	KindRequestIDReused:    {ErrRequestIDReused},
	KindAlreadyExists:      {ErrAlreadyExists},
	KindFailedPrecondition: {ErrFailedPrecondition},
	KindOverloaded:         {ErrOverloaded},
	KindUnavailable:        {ErrUnavailable},
	KindDeadlineExceeded:   {ErrDeadlineExceeded, context.DeadlineExceeded},
	KindCancelled:          {ErrCancelled, context.Canceled},
}

// Error is the error of a call, of an update of a batch, or of a watch.
//
// After an error a write may have counted, unless the error is [ErrInvalidRequest], [ErrOutOfRange],
// [ErrNotFound], [ErrRequestIDReused], [ErrAlreadyExists] or [ErrFailedPrecondition] and no earlier
// attempt went unanswered. Sent again with the same request id, a write counts once.
type Error struct {
	// Kind classifies the error by how to handle it.
	Kind Kind
	// Code is the name of the gRPC status code, such as "NOT_FOUND".
	Code string
	// Reason is the name of the ErrorReason of the contract, such as
	// "ERROR_REASON_USER_NOT_FOUND". Empty if the error does not come from the service itself.
	Reason string
	// Metadata are the details that the contract defines for the reason.
	Metadata map[string]string
	// Violations are the malformed fields, up to ten.
	Violations []FieldViolation
	// RetryAfter is the delay that the server requests before a retry. It may be 0; HasRetryInfo is
	// whether the server requests one.
	RetryAfter time.Duration
	// HasRetryInfo is whether the server requests a retry, after RetryAfter.
	HasRetryInfo bool
	// Message is a human-readable description.
	Message string
	// LastAttempt is the error of the last attempt before the deadline or the cancellation; nil if
	// there was only one attempt.
	LastAttempt *Error

	// final is whether the same request must not be sent again, whatever the code says.
	final  bool
	status *rpcstatus.Status
	cause  error
}

// FieldViolation is a malformed field of a request.
type FieldViolation struct {
	// Field is the name in the contract, such as "user_id" or "updates[3].points".
	Field string
	// Description is the problem with the field.
	Description string
}

// Error returns a description in one line.
func (e *Error) Error() string {
	text := e.Message
	if len(e.Violations) > 0 {
		texts := make([]string, len(e.Violations))
		for i, violation := range e.Violations {
			texts[i] = violation.Field + ": " + violation.Description
		}
		text = strings.Join(texts, "; ")
	}
	text = "leaderboard: " + e.Code + ": " + text
	if e.LastAttempt != nil {
		text += " (the last attempt: " + e.LastAttempt.Message + ")"
	}
	return strings.Join(strings.Fields(text), " ")
}

// Is returns whether target is the sentinel of the error's kind. A cancelled or late call also
// matches context.Canceled or context.DeadlineExceeded.
func (e *Error) Is(target error) bool {
	return slices.Contains(sentinels[e.Kind], target)
}

// Unwrap returns the cause of the caller's context if that ended the call, or the error of the
// [TokenSource].
func (e *Error) Unwrap() error {
	return e.cause
}

// GRPCStatus returns the status with its details. It makes status.Code work on the error.
func (e *Error) GRPCStatus() *status.Status {
	return status.FromProto(e.status)
}

// Retryable returns whether the same request may succeed later. A write must then be sent with the
// same request id.
func (e *Error) Retryable() bool {
	if e.final {
		return false
	}
	isBroken := e.Reason == "" && brokenCodes[codes.Code(e.status.GetCode())]
	return e.HasRetryInfo || e.Kind == KindUnavailable || e.Kind == KindDeadlineExceeded || isBroken
}

// isDraining returns whether the server refused the call because it shuts down.
func (e *Error) isDraining() bool {
	return e.Reason == pb.ErrorReason_ERROR_REASON_SERVER_DRAINING.String()
}

// isServerDown returns whether another server may answer at once: this one drains, did not answer,
// or its connection broke.
func (e *Error) isServerDown() bool {
	return e.isDraining() || e.Reason == "" && !e.HasRetryInfo && e.Retryable()
}

// countedRetries returns the number of retries from which the delay before the next one follows.
// While there is no server, the delay is no longer than after awayRetries: the server may be back at
// any moment, and an attempt without it costs it nothing.
func (e *Error) countedRetries(retries int) int {
	if e != nil && e.Kind == KindUnavailable && e.isServerDown() {
		return min(retries, awayRetries)
	}
	return retries
}

// requestedDelay returns the delay before a retry that the server requests. That of a server that
// drains is not waited for: another server takes its place.
func (e *Error) requestedDelay() time.Duration {
	if e.isDraining() {
		return 0
	}
	return e.RetryAfter
}

// brokenCodes are the codes of a call whose connection broke, as grpc-go or a proxy reports it. With
// a reason they come from the service itself.
var brokenCodes = map[codes.Code]bool{
	codes.Aborted:  true,
	codes.Canceled: true,
	codes.Internal: true,
	codes.Unknown:  true,
}

// contextError returns the error of a call whose ctx ended.
func contextError(ctx context.Context, last *Error) *Error {
	code, kind, message := codes.Canceled, KindCancelled, "cancelled by the caller"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code, kind, message = codes.DeadlineExceeded, KindDeadlineExceeded, "the deadline of the call is exceeded"
	}
	e := errorFromStatus(status.New(code, message).Proto())
	e.Kind, e.LastAttempt, e.cause = kind, last, context.Cause(ctx)
	e.final = kind == KindCancelled
	return e
}

// closedError returns the error of a call that ended because the client was closed.
func closedError(last *Error) *Error {
	e := errorFromStatus(status.New(codes.Canceled, "the client is closed").Proto())
	e.Kind, e.LastAttempt, e.cause, e.final = KindCancelled, last, ErrClosed, true
	return e
}

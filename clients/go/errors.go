package leaderboard

import (
	"context"
	"errors"
	"strings"
	"time"

	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// domain is that of the error reasons of the service.
const domain = "leaderboard.v1"

// What errors.Is tells an [*Error] by: one for each [Kind] but KindOther.
var (
	ErrInvalidRequest     = errors.New("leaderboard: invalid request")
	ErrOutOfRange         = errors.New("leaderboard: score out of range")
	ErrNotFound           = errors.New("leaderboard: not found")
	ErrRequestIDReused    = errors.New("leaderboard: request id reused")
	ErrFailedPrecondition = errors.New("leaderboard: failed precondition")
	ErrOverloaded         = errors.New("leaderboard: overloaded")
	ErrUnavailable        = errors.New("leaderboard: unavailable")
	ErrDeadlineExceeded   = errors.New("leaderboard: deadline exceeded")
	ErrCancelled          = errors.New("leaderboard: cancelled")
)

// ErrClosed is the cause of a call or a watch that was cancelled by closing its client.
var ErrClosed = errors.New("leaderboard: the client is closed")

// Kind tells failures apart that are dealt with in different ways.
type Kind string

// The kinds of failures, with the status codes of the service that they stand for.
const (
	// KindOther is any failure that is none of the other kinds, such as UNAUTHENTICATED.
	KindOther Kind = "Other"
	// KindInvalidRequest is INVALID_ARGUMENT: a field is malformed, see the violations.
	KindInvalidRequest Kind = "InvalidRequest"
	// KindOutOfRange is OUT_OF_RANGE: points or score would pass 2^53 either way.
	KindOutOfRange Kind = "OutOfRange"
	// KindNotFound is NOT_FOUND: the user has no score in the contest.
	KindNotFound Kind = "NotFound"
	// KindRequestIDReused is ALREADY_EXISTS: another write had the same request id.
	KindRequestIDReused Kind = "RequestIdReused"
	// KindFailedPrecondition is FAILED_PRECONDITION: the position can't be reached.
	KindFailedPrecondition Kind = "FailedPrecondition"
	// KindOverloaded is RESOURCE_EXHAUSTED: too much is under way, or the request is too large.
	KindOverloaded Kind = "Overloaded"
	// KindUnavailable is UNAVAILABLE: the server or its store is away.
	KindUnavailable Kind = "Unavailable"
	// KindDeadlineExceeded is DEADLINE_EXCEEDED: the time of the call is up.
	KindDeadlineExceeded Kind = "DeadlineExceeded"
	// KindCancelled is what the caller cancelled, by its context or by closing the client.
	KindCancelled Kind = "Cancelled"
)

// kinds has no CANCELLED: a server that stops says so too, and that is no cancellation by the
// caller.
var kinds = map[codes.Code]Kind{
	codes.InvalidArgument:    KindInvalidRequest,
	codes.OutOfRange:         KindOutOfRange,
	codes.NotFound:           KindNotFound,
	codes.AlreadyExists:      KindRequestIDReused,
	codes.FailedPrecondition: KindFailedPrecondition,
	codes.ResourceExhausted:  KindOverloaded,
	codes.Unavailable:        KindUnavailable,
	codes.DeadlineExceeded:   KindDeadlineExceeded,
}

var sentinels = map[Kind][]error{
	KindInvalidRequest:     {ErrInvalidRequest},
	KindOutOfRange:         {ErrOutOfRange},
	KindNotFound:           {ErrNotFound},
	KindRequestIDReused:    {ErrRequestIDReused},
	KindFailedPrecondition: {ErrFailedPrecondition},
	KindOverloaded:         {ErrOverloaded},
	KindUnavailable:        {ErrUnavailable},
	KindDeadlineExceeded:   {ErrDeadlineExceeded, context.DeadlineExceeded},
	KindCancelled:          {ErrCancelled, context.Canceled},
}

// Error is why a call, an update of a batch, or a watch failed.
//
// A write may have counted all the same, unless it was refused as [ErrInvalidRequest],
// [ErrOutOfRange], [ErrNotFound], [ErrRequestIDReused] or [ErrFailedPrecondition] with no attempt
// before that went unanswered. Sent again with the same request id it counts once.
type Error struct {
	// Kind tells what to do about it.
	Kind Kind
	// Code is the name of the gRPC status code, such as "NOT_FOUND".
	Code string
	// Reason is the name of the ErrorReason of the contract, such as
	// "ERROR_REASON_USER_NOT_FOUND". Empty when the service itself did not say it.
	Reason string
	// Metadata are those that the contract gives with the reason.
	Metadata map[string]string
	// Violations are the malformed fields, up to ten.
	Violations []FieldViolation
	// RetryAfter is after how long the server asks to try again; 0 if it does not.
	RetryAfter time.Duration
	// Message says what is wrong.
	Message string
	// LastAttempt is how the last attempt failed before the call was out of time or was cancelled;
	// nil if it was the first one.
	LastAttempt *Error

	hasRetryInfo bool
	// final tells that the same request is not to be sent again, whatever the code says.
	final  bool
	status *rpcstatus.Status
	cause  error
}

// FieldViolation is a malformed field of a request.
type FieldViolation struct {
	// Field is its name in the contract, such as "user_id" or "updates[3].points".
	Field string
	// Description says what is wrong with it.
	Description string
}

// Error says in one line what is wrong.
func (e *Error) Error() string {
	text := e.Message
	if len(e.Violations) > 0 {
		texts := make([]string, len(e.Violations))
		for i, violation := range e.Violations {
			texts[i] = violation.Field + ": " + violation.Description
		}
		text = strings.Join(texts, "; ")
	}
	text = "leaderboard: " + e.Code + ": " + strings.Join(strings.Fields(text), " ")
	if e.LastAttempt != nil {
		text += " (the last attempt: " + e.LastAttempt.Message + ")"
	}
	return text
}

// Is tells whether target is the sentinel of the error's kind. What was cancelled or timed out is
// also context.Canceled or context.DeadlineExceeded.
func (e *Error) Is(target error) bool {
	for _, sentinel := range sentinels[e.Kind] {
		if target == sentinel {
			return true
		}
	}
	return false
}

// Unwrap returns the cause of the caller's context, if that ended the call, or what the source of
// the token failed with.
func (e *Error) Unwrap() error {
	return e.cause
}

// GRPCStatus returns the status with its details, which makes status.Code work on the error.
func (e *Error) GRPCStatus() *status.Status {
	return status.FromProto(e.status)
}

// Retryable tells that the same request may succeed later. A write is then to be sent with the same
// request id.
func (e *Error) Retryable() bool {
	if e.final {
		return false
	}
	lost := e.Reason == "" && broken[codes.Code(e.status.GetCode())]
	return e.hasRetryInfo || e.Kind == KindUnavailable || e.Kind == KindDeadlineExceeded || lost
}

// broken are the codes with which gRPC itself, or a proxy on the way, tells of a call whose
// connection broke; with a reason they are the service's own.
var broken = map[codes.Code]bool{
	codes.Aborted:  true,
	codes.Canceled: true,
	codes.Internal: true,
	codes.Unknown:  true,
}

// failure reads what the library says of a failed call, or what kept it from being made.
func failure(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return refusal(status.Convert(err).Proto())
}

// refusal reads a status, of a call or of one update of a batch.
func refusal(told *rpcstatus.Status) *Error {
	e := &Error{
		Kind:    KindOther,
		Code:    rpccode.Code(told.GetCode()).String(),
		Message: told.GetMessage(),
		status:  told,
	}
	if kind, ok := kinds[codes.Code(told.GetCode())]; ok {
		e.Kind = kind
	}
	if e.Message == "" {
		e.Message = e.Code
	}
	for _, packed := range told.GetDetails() {
		if detail, err := packed.UnmarshalNew(); err == nil {
			e.add(detail)
		}
	}
	return e
}

// add takes a detail of the status; those of other domains and types are not the service's.
func (e *Error) add(detail any) {
	switch detail := detail.(type) {
	case *errdetails.ErrorInfo:
		if detail.GetDomain() == domain {
			e.Reason, e.Metadata = detail.GetReason(), detail.GetMetadata()
		}
	case *errdetails.BadRequest:
		for _, violation := range detail.GetFieldViolations() {
			e.Violations = append(e.Violations, FieldViolation{violation.GetField(), violation.GetDescription()})
		}
	case *errdetails.RetryInfo:
		e.hasRetryInfo, e.RetryAfter = true, detail.GetRetryDelay().AsDuration()
	}
}

// interrupted returns the error of what ctx ended.
func interrupted(ctx context.Context, last *Error) *Error {
	code, kind, message := codes.Canceled, KindCancelled, "the caller cancelled"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code, kind, message = codes.DeadlineExceeded, KindDeadlineExceeded, "the time of the call is up"
	}
	e := refusal(status.New(code, message).Proto())
	e.Kind, e.LastAttempt, e.cause = kind, last, context.Cause(ctx)
	e.final = kind == KindCancelled
	return e
}

// closed returns the error of what closing the client ended.
func closed(last *Error) *Error {
	e := refusal(status.New(codes.Canceled, "the client is closed").Proto())
	e.Kind, e.LastAttempt, e.cause, e.final = KindCancelled, last, ErrClosed, true
	return e
}

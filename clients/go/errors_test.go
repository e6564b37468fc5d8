package leaderboard

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Every code of the contract has its own kind, sentinel and name.
func TestKinds(t *testing.T) {
	all := []error{
		ErrInvalidRequest, ErrOutOfRange, ErrNotFound, ErrRequestIDReused, ErrAlreadyExists,
		ErrFailedPrecondition, ErrOverloaded, ErrUnavailable, ErrDeadlineExceeded, ErrCancelled,
	}
	cases := []struct {
		code     codes.Code
		kind     Kind
		sentinel error
		name     string
	}{
		{codes.InvalidArgument, KindInvalidRequest, ErrInvalidRequest, "INVALID_ARGUMENT"},
		{codes.OutOfRange, KindOutOfRange, ErrOutOfRange, "OUT_OF_RANGE"},
		{codes.NotFound, KindNotFound, ErrNotFound, "NOT_FOUND"},
		{codes.AlreadyExists, KindAlreadyExists, ErrAlreadyExists, "ALREADY_EXISTS"},
		{codes.FailedPrecondition, KindFailedPrecondition, ErrFailedPrecondition, "FAILED_PRECONDITION"},
		{codes.ResourceExhausted, KindOverloaded, ErrOverloaded, "RESOURCE_EXHAUSTED"},
		{codes.Unavailable, KindUnavailable, ErrUnavailable, "UNAVAILABLE"},
		{codes.DeadlineExceeded, KindDeadlineExceeded, ErrDeadlineExceeded, "DEADLINE_EXCEEDED"},
		{codes.Canceled, KindOther, nil, "CANCELLED"},
		{codes.Unauthenticated, KindOther, nil, "UNAUTHENTICATED"},
		{codes.Code(99), KindOther, nil, "99"},
	}
	for _, expected := range cases {
		e := toError(status.Error(expected.code, "no"))
		if e.Kind != expected.kind || e.Code != expected.name {
			t.Errorf("%v is %s %s", expected.code, e.Kind, e.Code)
		}
		for _, sentinel := range all {
			if is := errors.Is(fmt.Errorf("wrapped: %w", e), sentinel); is != (sentinel == expected.sentinel) {
				t.Errorf("%v is %v: %v", expected.code, sentinel, is)
			}
		}
		if status.Code(e) != expected.code {
			t.Errorf("%v has the status code %v", expected.code, status.Code(e))
		}
	}
}

// What exists already, a request id or a contest, follows from the reason.
func TestAlreadyExists(t *testing.T) {
	cases := []struct {
		reason          string
		kind            Kind
		sentinel, other error
	}{
		{"ERROR_REASON_REQUEST_ID_REUSED", KindRequestIDReused, ErrRequestIDReused, ErrAlreadyExists},
		{"ERROR_REASON_CONTEST_ALREADY_EXISTS", KindAlreadyExists, ErrAlreadyExists, ErrRequestIDReused},
	}
	for _, expected := range cases {
		e := toError(refused(codes.AlreadyExists, expected.reason).Err())
		if e.Kind != expected.kind || !errors.Is(e, expected.sentinel) || errors.Is(e, expected.other) {
			t.Errorf("%s is %s", expected.reason, e.Kind)
		}
	}
}

// An error has all details of its status, and describes them in one line.
func TestErrorDetails(t *testing.T) {
	bad := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
		{Field: "user_id", Description: "must not\nbe empty"},
	}}
	rich := refused(codes.InvalidArgument, "ERROR_REASON_INVALID_FIELD", bad, retryInfo(time.Second))
	e := toError(rich.Err())
	if e.Reason != "ERROR_REASON_INVALID_FIELD" || e.Metadata["contestId"] != "chess" {
		t.Errorf("reason %q, metadata %v", e.Reason, e.Metadata)
	}
	if len(e.Violations) != 1 || e.Violations[0] != (FieldViolation{"user_id", "must not\nbe empty"}) {
		t.Errorf("violations %v", e.Violations)
	}
	if e.RetryAfter != time.Second || e.Message != "no" {
		t.Errorf("retry after %v, message %q", e.RetryAfter, e.Message)
	}
	if text := e.Error(); text != "leaderboard: INVALID_ARGUMENT: user_id: must not be empty" {
		t.Errorf("the text is %q", text)
	}
}

// The text of an error is one line, also with the error of the last attempt.
func TestErrorTextIsOneLine(t *testing.T) {
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	last := toError(status.Error(codes.Unavailable, "away:\n  refused"))
	want := "leaderboard: DEADLINE_EXCEEDED: the deadline of the call is exceeded (the last attempt: away: refused)"
	if text := contextError(late, last).Error(); text != want {
		t.Errorf("the text is %q", text)
	}
}

// A requested delay of 0 differs from no request.
func TestRetryInfoOfZero(t *testing.T) {
	requested := toError(refused(codes.ResourceExhausted, "ERROR_REASON_OVERLOADED", retryInfo(0)).Err())
	none := toError(refused(codes.ResourceExhausted, "ERROR_REASON_MESSAGE_TOO_LARGE").Err())
	if !requested.HasRetryInfo || none.HasRetryInfo || requested.RetryAfter != 0 {
		t.Errorf("%+v, %+v", requested, none)
	}
}

// A reason of another domain is ignored.
func TestForeignReason(t *testing.T) {
	info := &errdetails.ErrorInfo{Reason: "QUOTA", Domain: "proxy.example"}
	rich, err := status.New(codes.Internal, "").WithDetails(info)
	if err != nil {
		t.Fatal(err)
	}
	e := toError(rich.Err())
	if e.Reason != "" || e.Metadata != nil || !e.Retryable() || e.Message != "INTERNAL" {
		t.Errorf("%+v", e)
	}
}

// Only an error after which the same request may succeed later is retryable.
func TestRetryable(t *testing.T) {
	cases := []struct {
		err  error
		want bool
	}{
		{refused(codes.Unavailable, "ERROR_REASON_STORE_UNAVAILABLE", retryInfo(time.Second)).Err(), true},
		{refused(codes.ResourceExhausted, "ERROR_REASON_OVERLOADED", retryInfo(0)).Err(), true},
		{refused(codes.ResourceExhausted, "ERROR_REASON_MESSAGE_TOO_LARGE").Err(), false},
		{refused(codes.Internal, "ERROR_REASON_INTERNAL").Err(), false},
		{refused(codes.NotFound, "ERROR_REASON_USER_NOT_FOUND").Err(), false},
		{status.Error(codes.Unavailable, "connection refused"), true},
		{status.Error(codes.Internal, "stream terminated by RST_STREAM"), true},
		{status.Error(codes.Unknown, "stream removed"), true},
		{status.Error(codes.Canceled, "the server stops"), true},
		{status.Error(codes.DeadlineExceeded, "late"), true},
		{refused(codes.DeadlineExceeded, "ERROR_REASON_LATE").Err(), true},
		{refused(codes.Unknown, "ERROR_REASON_NEW").Err(), false},
		{status.Error(codes.Aborted, "aborted by a proxy"), true},
		{status.Error(codes.ResourceExhausted, "too large"), false},
		{status.Error(codes.Unimplemented, "unknown method"), false},
		{status.Error(codes.Unauthenticated, "no token"), false},
	}
	for _, expected := range cases {
		if got := toError(expected.err).Retryable(); got != expected.want {
			t.Errorf("%v: %v", expected.err, got)
		}
	}
}

// A call that its context ended has the error and the cause of the context.
func TestContextError(t *testing.T) {
	cause := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	e := contextError(ctx, nil)
	if !errors.Is(e, context.Canceled) || !errors.Is(e, ErrCancelled) || !errors.Is(e, cause) || e.Retryable() {
		t.Errorf("cancelled: %+v", e)
	}
	late, stop := context.WithTimeout(t.Context(), 0)
	defer stop()
	last := toError(status.Error(codes.Unavailable, "away"))
	e = contextError(late, last)
	if !errors.Is(e, context.DeadlineExceeded) || !errors.Is(e, ErrDeadlineExceeded) || errors.Is(e, ErrUnavailable) {
		t.Errorf("late: %+v", e)
	}
	if e.LastAttempt != last || !e.Retryable() {
		t.Errorf("late: %+v", e)
	}
}

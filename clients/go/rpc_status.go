package leaderboard

import (
	"errors"

	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// errorDomain is the ErrorInfo domain of the service.
const errorDomain = "leaderboard.v1"

// kinds has no CANCELLED: a server that shuts down returns it too, which is no cancellation by the
// caller.
var kinds = map[codes.Code]Kind{
	codes.InvalidArgument:    KindInvalidRequest,
	codes.OutOfRange:         KindOutOfRange,
	codes.NotFound:           KindNotFound,
	codes.AlreadyExists:      KindAlreadyExists,
	codes.FailedPrecondition: KindFailedPrecondition,
	codes.ResourceExhausted:  KindOverloaded,
	codes.Unavailable:        KindUnavailable,
	codes.DeadlineExceeded:   KindDeadlineExceeded,
}

// toError returns the [*Error] within err, or converts the gRPC status of err.
func toError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return errorFromStatus(status.Convert(err).Proto())
}

// errorFromStatus converts the status of a call or of one update of a batch.
func errorFromStatus(rich *rpcstatus.Status) *Error {
	e := &Error{
		Kind:    KindOther,
		Code:    rpccode.Code(rich.GetCode()).String(),
		Message: rich.GetMessage(),
		status:  rich,
	}
	if kind, ok := kinds[codes.Code(rich.GetCode())]; ok {
		e.Kind = kind
	}
	if e.Message == "" {
		e.Message = e.Code
	}
	for _, packed := range rich.GetDetails() {
		if detail, err := packed.UnmarshalNew(); err == nil {
			e.addDetail(detail)
		}
	}
	if e.Reason == pb.ErrorReason_ERROR_REASON_REQUEST_ID_REUSED.String() {
		e.Kind = KindRequestIDReused
	}
	return e
}

// addDetail reads a detail of the status; details of other domains and types are ignored.
func (e *Error) addDetail(detail any) {
	switch detail := detail.(type) {
	case *errdetails.ErrorInfo:
		if detail.GetDomain() == errorDomain {
			e.Reason, e.Metadata = detail.GetReason(), detail.GetMetadata()
		}
	case *errdetails.BadRequest:
		for _, violation := range detail.GetFieldViolations() {
			e.Violations = append(e.Violations, FieldViolation{violation.GetField(), violation.GetDescription()})
		}
	case *errdetails.RetryInfo:
		e.HasRetryInfo, e.RetryAfter = true, detail.GetRetryDelay().AsDuration()
	}
}

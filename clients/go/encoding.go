package leaderboard

import (
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// text is a field of a request that holds text.
type text struct{ field, value string }

// checkUTF8 refuses text that is not UTF-8. The library could not send it, and would say so in a
// way that can't be told from a fault of the connection.
func checkUTF8(texts ...text) error {
	return malformed(notUTF8(texts...))
}

func notUTF8(texts ...text) []FieldViolation {
	var violations []FieldViolation
	for _, text := range texts {
		if !utf8.ValidString(text.value) {
			violations = append(violations, FieldViolation{text.field, "is not UTF-8"})
		}
	}
	return violations
}

// malformed returns the error of a request with violations; nil if there are none.
func malformed(violations []FieldViolation) error {
	if len(violations) == 0 {
		return nil
	}
	e := refusal(status.New(codes.InvalidArgument, "the request has malformed fields").Proto())
	e.Violations = violations
	return e
}

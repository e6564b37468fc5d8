package leaderboard

import "iter"

// page is a part of a list, with the token of the next one; it is empty after the last one.
type page interface {
	GetNextPageToken() string
}

// pages yields the pages of a list, from that of the token on. It gets each one when the loop comes to
// it. After an error the loop ends.
func pages[Page page](token string, get func(token string) (Page, error)) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		for next, isLast := token, false; !isLast; isLast = next == "" {
			received, err := get(next)
			if !yield(received, err) || err != nil {
				return
			}
			next = received.GetNextPageToken()
		}
	}
}

package leaderboard_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"time"

	"google.golang.org/grpc"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

// These are the examples of the README; a test holds it to them.

func Example_attributes() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	result, err := client.UpdateScore(ctx, leaderboard.ScoreUpdate{
		ContestID: "chess", UserID: "ada", Points: 5, Attributes: map[string]string{"team": "red"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.User.Rank, result.User.Attributes["team"])
	// Output: 1 red
}

func ExampleClient_BatchGetUserRanks() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	ids := []string{"ada", "bo", "cy"}
	friends, err := client.BatchGetUserRanks(ctx, leaderboard.UserRanksQuery{ContestID: "chess", UserIDs: ids})
	if err != nil {
		log.Fatal(err)
	}
	for _, friend := range friends.Users {
		fmt.Println(friend.Rank, friend.UserID, friend.Score)
	}
	fmt.Println("without a score:", friends.MissingUserIDs)
	// Output:
	// 1 ada 12
	// 2 bo 9
	// without a score: [cy]
}

func ExampleClient_GetScoreRank() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	rank, err := client.GetScoreRank(ctx, leaderboard.ScoreRankQuery{ContestID: "chess", Score: 10, Around: 5})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("10 points would be rank", rank.Rank, "beside", len(rank.Around), "others")
	// Output: 10 points would be rank 2 beside 2 others
}

func ExampleClient_CreateContest() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	contest, err := client.CreateContest(ctx, leaderboard.Contest{
		ContestID:   "lap-1",
		DisplayName: "First lap",
		Rules: leaderboard.ContestRules{
			Order:       leaderboard.OrderLowestFirst,
			RankStyle:   leaderboard.RankStyleCompetition,
			DefaultMode: leaderboard.ModeBest,
			MinScore:    leaderboard.Bound(1),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(contest.ContestID, contest.Rules.Order == leaderboard.OrderLowestFirst)
	// Output: lap-1 true
}

func ExampleClient_UpdateContest() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	contest, err := client.UpdateContest(ctx, leaderboard.ContestUpdate{
		ContestID: "lap-1",
		Rules:     leaderboard.ContestRules{MaxScore: leaderboard.Bound(600_000)},
		Reset:     []leaderboard.Setting{leaderboard.SettingMinScore},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*contest.Rules.MaxScore, contest.Rules.MinScore == nil)
	// Output: 600000 true
}

func ExampleClient_ListContests() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	for contest, err := range client.ListContests(ctx, leaderboard.ContestsQuery{IDPrefix: "lap-"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(contest.ContestID, contest.TotalUsers)
	}
	// Output:
	// lap-1 2
	// lap-2 5
}

func ExampleContest() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()
	start := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

	contest, err := client.CreateContest(ctx, leaderboard.Contest{
		ContestID:   "sprint",
		StartsAt:    start,
		EndsAt:      start.Add(time.Hour),
		ExpireAfter: 30 * 24 * time.Hour,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(contest.State) // SCHEDULED, OPEN or CLOSED
	// Output: SCHEDULED
}

func ExampleClient_ResetContest() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	contest, err := client.CreateContest(ctx, leaderboard.Contest{
		ContestID:     "weekly",
		ResetSchedule: leaderboard.ResetSchedule{Cron: "0 0 * * MON", TimeZone: "Europe/Berlin"},
		KeepSeasons:   leaderboard.Keep(52),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("season", contest.Season, "ends at", contest.NextResetAt)

	contest, err = client.ResetContest(ctx, contest.ContestID, contest.Season)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("season", contest.Season, "has begun")
	// Output:
	// season 1 ends at 2026-05-03 22:00:00 +0000 UTC
	// season 2 has begun
}

func ExampleClient_ListSeasons() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	for season, err := range client.ListSeasons(ctx, leaderboard.SeasonsQuery{ContestID: "weekly"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(season.Number, season.TotalUsers, "users")
	}
	top, err := client.GetTopUsers(ctx, leaderboard.TopUsersQuery{ContestID: "weekly", Season: -1, Limit: 3})
	if err != nil {
		log.Fatal(err)
	}
	for _, user := range top.Users {
		fmt.Println(user.Rank, user.UserID, user.Score)
	}
	// Output:
	// 2 0 users
	// 1 2 users
	// 1 ada 12
	// 2 bo 9
}

func ExampleClient_HideUsers() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	hidden, err := client.HideUsers(ctx, "chess", []string{"bo", "cy"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(hidden.Count, "were not hidden before")
	for user, err := range client.ListHiddenUsers(ctx, leaderboard.HiddenUsersQuery{ContestID: "chess"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.UserID, user.Score, user.HasScore)
	}
	// Output:
	// 2 were not hidden before
	// bo 9 true
	// cy 0 false
}

func ExampleClient_EraseUser() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	changed := 0
	for part, err := range client.EraseUser(ctx, "bo", "") {
		if err != nil {
			log.Fatal(err)
		}
		changed += part.ContestsChanged
	}
	fmt.Println("erased from", changed, "contests")
	// Output: erased from 3 contests
}

func ExampleError() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	rank, err := client.GetUserRank(ctx, leaderboard.UserRankQuery{ContestID: "chess", UserID: "eve"})
	var failed *leaderboard.Error
	switch {
	case errors.Is(err, leaderboard.ErrNotFound):
		fmt.Println("no score yet")
	case errors.Is(err, leaderboard.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		fmt.Println("try later")
	case errors.As(err, &failed):
		fmt.Println(failed.Reason, failed.Violations)
	default:
		fmt.Println(rank.User.Rank)
	}
	// Output: no score yet
}

func ExampleClient_WatchContest() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	for update, err := range client.WatchContest(ctx, leaderboard.WatchQuery{ContestID: "chess", Limit: 3}) {
		if err != nil {
			log.Fatal(err) // ctx ended, or the service refused the watch for good
		}
		fmt.Println(update.State, len(update.Rows), len(update.Changes))
	}
	// Output:
	// CONNECTING 0 0
	// LIVE 2 0
	// OVER 2 0
}

func ExampleScoreBuffer() {
	client, stop := exampleClient()
	defer stop()
	ctx := context.Background()

	buffer, err := client.NewScoreBuffer(leaderboard.ScoreBufferOptions{
		OnError: func(update leaderboard.ScoreUpdate, err error) { log.Print(update.UserID, ": ", err) },
	})
	if err != nil {
		log.Fatal(err)
	}
	for range 1000 {
		if err := buffer.Add(ctx, leaderboard.ScoreUpdate{ContestID: "chess", UserID: "ada", Points: 5}); err != nil {
			log.Fatal(err)
		}
	}
	if err := buffer.Close(ctx); err != nil { // sends the remaining updates
		log.Fatal(err)
	}
	fmt.Println(buffer.Acknowledged())
	// Output: 1000
}

func ExampleWithTLS() {
	connect := func(token string) (*leaderboard.Client, error) {
		config, err := leaderboard.LoadTLS("ca.pem", "client.pem", "client-key.pem") // "" where not needed
		if err != nil {
			return nil, err
		}
		return leaderboard.NewClient("scores.example:50051", leaderboard.WithTLS(config), leaderboard.WithToken(token))
	}
	_, err := connect("secret")
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output: true
}

func ExampleWithDialOptions() {
	address, stop := exampleServer()
	defer stop()
	ctx := context.Background()
	handler := printedCalls{}

	client, err := leaderboard.NewClient(address, leaderboard.WithDialOptions(grpc.WithStatsHandler(handler)))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if _, err := client.UpdateScore(ctx, leaderboard.ScoreUpdate{ContestID: "chess", UserID: "ada", Points: 5}); err != nil {
		log.Fatal(err)
	}
	// Output: /leaderboard.v1.LeaderboardService/UpdateScore
}

// Command traces adds points inside a span, and prints the spans of the program, whose trace goes on
// in the server:
//
//	go run . 127.0.0.1:50051 cup ada
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"

	leaderboard "github.com/leaderboard/leaderboard/clients/go"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: traces HOST:PORT CONTEST USER")
	}
	spans := tracetest.NewInMemoryExporter() // a real program exports them by OTLP
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSyncer(spans)))
	otel.SetTextMapPropagator(propagation.TraceContext{})
	if err := addPoint(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
	for _, span := range spans.GetSpans() {
		fmt.Println(span.SpanContext.TraceID(), span.Name)
	}
}

func addPoint(ctx context.Context, address, contest, user string) error {
	handler := otelgrpc.NewClientHandler()
	client, err := leaderboard.NewClient(address, leaderboard.WithDialOptions(grpc.WithStatsHandler(handler)))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, span := otel.Tracer("example").Start(ctx, "play")
	defer span.End()
	_, err = client.UpdateScore(ctx, leaderboard.ScoreUpdate{ContestID: contest, UserID: user, Points: 1})
	return err
}

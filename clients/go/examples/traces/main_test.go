package main

import (
	"context"
	"net"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	pb "github.com/leaderboard/leaderboard/clients/go/leaderboard/v1"
)

// tracedService answers every update, and remembers the span that its caller sent.
type tracedService struct {
	pb.UnimplementedLeaderboardServiceServer
	caller chan oteltrace.SpanContext
}

func (s tracedService) UpdateScore(
	ctx context.Context, _ *pb.UpdateScoreRequest,
) (*pb.UpdateScoreResponse, error) {
	carrier := propagation.HeaderCarrier{}
	for _, value := range metadata.ValueFromIncomingContext(ctx, "traceparent") {
		carrier.Set("traceparent", value)
	}
	s.caller <- oteltrace.SpanContextFromContext(propagation.TraceContext{}.Extract(ctx, carrier))
	return &pb.UpdateScoreResponse{User: &pb.RankedUser{}, Position: &pb.Position{}}, nil
}

// The server gets the span of the attempt, which is a child of the program's own.
func TestTheServerGetsTheSpanOfTheCall(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSyncer(spans)))
	otel.SetTextMapPropagator(propagation.TraceContext{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	service := tracedService{caller: make(chan oteltrace.SpanContext, 1)}
	server := grpc.NewServer()
	pb.RegisterLeaderboardServiceServer(server, service)
	go server.Serve(listener)
	t.Cleanup(server.Stop)

	if err := addPoint(t.Context(), listener.Addr().String(), "cup", "ada"); err != nil {
		t.Fatal(err)
	}

	ended := spans.GetSpans()
	if len(ended) != 2 || ended[1].Name != "play" {
		t.Fatal(ended)
	}
	attempt, play, caller := ended[0], ended[1], <-service.caller
	if attempt.Parent.SpanID() != play.SpanContext.SpanID() {
		t.Error(attempt.Parent)
	}
	if caller.SpanID() != attempt.SpanContext.SpanID() || caller.TraceID() != play.SpanContext.TraceID() {
		t.Error(caller)
	}
}

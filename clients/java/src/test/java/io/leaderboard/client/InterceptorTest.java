package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.leaderboard.v1.EndReason;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An interceptor sees every attempt in the context of its caller, as one for traces needs it. */
@Timeout(30)
class InterceptorTest extends WithFakeService {
  private static final Context.Key<String> TRACE = Context.key("trace");
  private static final Metadata.Key<String> TRACEPARENT =
      Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);
  private static final ScoreUpdate UPDATE = ScoreUpdate.of("chess", "ada", 5);

  private final ClientOptions options =
      ClientOptions.builder().interceptor(new PassTrace()).build();

  /** Sends what the context has, as an interceptor for traces does. */
  private static final class PassTrace implements ClientInterceptor {
    @Override
    public <ReqT, RespT> ClientCall<ReqT, RespT> interceptCall(
        MethodDescriptor<ReqT, RespT> method, CallOptions options, Channel next) {
      return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<RespT> listener, Metadata headers) {
          if (TRACE.get() != null) {
            headers.put(TRACEPARENT, TRACE.get());
          }
          super.start(listener, headers);
        }
      };
    }
  }

  /** Each attempt of a call has the context of the call. */
  @Test
  void attemptsHaveTheContextOfTheCall() throws Exception {
    fake.updates.add(observer -> observer.onError(Statuses.STORE_UNAVAILABLE));
    fake.updates.add(FakeService.score(5));
    fake.updates.add(FakeService.score(6));
    try (LeaderboardClient traced = LeaderboardClient.of(fake.address(), options)) {
      Context.current().withValue(TRACE, "a").call(() -> traced.updateScore(UPDATE)).join();
      traced.updateScore(UPDATE).join();
    }

    assertEquals(Arrays.asList("a", "a", null), sentTraces());
  }

  /** The streams of a watch have the context of the subscriber, and outlive it. */
  @Test
  void watchesHaveTheContextOfTheSubscriber() throws Exception {
    fake.watches.add(observer -> observer.onError(Statuses.STORE_UNAVAILABLE));
    scriptWatch(WatchMessages.end(0, EndReason.END_REASON_CONTEST_DELETED));
    Context.CancellableContext subscriber =
        Context.current().withValue(TRACE, "a").withCancellation();
    try (LeaderboardClient traced = LeaderboardClient.of(fake.address(), options)) {
      ContestWatch watch = traced.watchContest("chess");
      var ended = subscriber.call(() -> watch.consume(update -> {}));
      subscriber.cancel(null);
      ended.join();
    }

    assertEquals(List.of("a", "a"), sentTraces());
  }

  private List<String> sentTraces() {
    return fake.headers.stream().map(sent -> sent.get(TRACEPARENT)).toList();
  }
}

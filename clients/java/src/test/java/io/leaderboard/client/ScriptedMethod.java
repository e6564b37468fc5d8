package io.leaderboard.client;

import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * A unary method that sends scripted responses and records its requests.
 *
 * @param <ReqT> the request
 * @param <RespT> the response
 */
final class ScriptedMethod<ReqT, RespT> {
  final List<ReqT> requests = new CopyOnWriteArrayList<>();
  private final Queue<Consumer<StreamObserver<RespT>>> script = new ConcurrentLinkedQueue<>();

  /** Scripts the next call: it gets a response. */
  void respond(RespT response) {
    script.add(
        observer -> {
          observer.onNext(response);
          observer.onCompleted();
        });
  }

  /** Scripts the next call: it fails. */
  void fail(StatusRuntimeException error) {
    script.add(observer -> observer.onError(error));
  }

  /** Scripts the next call: it gets no response. */
  void ignore() {
    script.add(observer -> {});
  }

  /** Returns the only request so far. */
  ReqT request() {
    if (requests.size() != 1) {
      throw new IllegalStateException(requests.size() + " requests");
    }
    return requests.get(0);
  }

  void call(ReqT request, StreamObserver<RespT> observer) {
    requests.add(request);
    script.remove().accept(observer);
  }
}

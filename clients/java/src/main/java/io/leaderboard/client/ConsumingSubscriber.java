package io.leaderboard.client;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** Hands each update to a consumer, and tells by a future how the watch ended. */
final class ConsumingSubscriber implements Flow.Subscriber<WatchUpdate> {
  private final Consumer<? super WatchUpdate> consumer;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private Flow.Subscription subscription;

  ConsumingSubscriber(Consumer<? super WatchUpdate> consumer) {
    this.consumer = Objects.requireNonNull(consumer, "consumer");
  }

  CompletableFuture<Void> done() {
    return done;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription = subscription;
    done.whenComplete((nothing, error) -> subscription.cancel());
    subscription.request(1);
  }

  @Override
  public void onNext(WatchUpdate update) {
    try {
      consumer.accept(update);
    } catch (Throwable e) {
      // An Error too: who waits for the future would never hear of it.
      done.completeExceptionally(e);
      return;
    }
    subscription.request(1);
  }

  @Override
  public void onError(Throwable error) {
    done.completeExceptionally(error);
  }

  @Override
  public void onComplete() {
    done.complete(null);
  }
}

package io.leaderboard.client;

import io.leaderboard.v1.ListContestsResponse;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;

/** Iterates over contests, and reads each page once it is needed. */
final class ContestIterator implements Iterator<Contest> {
  private final Function<String, CompletableFuture<Page>> read;
  private Iterator<Contest> page = Collections.emptyIterator();
  private String nextToken = "";
  private boolean isLast;

  /**
   * Creates an iterator that begins with the first page.
   *
   * @param read starts the call that reads the page of a token
   */
  ContestIterator(Function<String, CompletableFuture<Page>> read) {
    this.read = read;
  }

  /**
   * A page of contests.
   *
   * @param nextToken the token of the next page; empty after the last one
   */
  record Page(List<Contest> contests, String nextToken) {
    static Page of(ListContestsResponse message) {
      return new Page(
          message.getContestsList().stream().map(ContestMessages::of).toList(),
          message.getNextPageToken());
    }
  }

  @Override
  public boolean hasNext() {
    // A page may be empty before the last one.
    while (!page.hasNext() && !isLast) {
      Page next = await(read.apply(nextToken));
      page = next.contests().iterator();
      nextToken = next.nextToken();
      isLast = nextToken.isEmpty();
    }
    return page.hasNext();
  }

  @Override
  public Contest next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return page.next();
  }

  private static Page await(CompletableFuture<Page> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof LeaderboardException error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      future.cancel(true);
      Thread.currentThread().interrupt();
      throw new CancellationException("the thread was interrupted");
    }
  }
}

package io.leaderboard.client;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;

/**
 * Iterates over the items of pages, and reads each page once it is needed.
 *
 * @param <T> an item
 */
final class PageIterator<T> implements Iterator<T> {
  private final Function<String, CompletableFuture<Page<T>>> read;
  private Iterator<T> page = Collections.emptyIterator();
  private String nextToken;
  private boolean isLast;

  /**
   * Creates an iterator.
   *
   * @param firstToken the token of the page to begin with; empty for the first one
   * @param read starts the call that reads the page of a token
   */
  PageIterator(String firstToken, Function<String, CompletableFuture<Page<T>>> read) {
    this.nextToken = firstToken;
    this.read = read;
  }

  /**
   * A page.
   *
   * @param nextToken the token of the next page; empty after the last one
   */
  record Page<T>(List<T> items, String nextToken) {}

  @Override
  public boolean hasNext() {
    // A page may be empty before the last one.
    while (!page.hasNext() && !isLast) {
      Page<T> next = await(read.apply(nextToken));
      page = next.items().iterator();
      nextToken = next.nextToken();
      isLast = nextToken.isEmpty();
    }
    return page.hasNext();
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return page.next();
  }

  private static <R> R await(CompletableFuture<R> future) {
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

package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.leaderboard.v1.ListContestsRequest;
import io.leaderboard.v1.ListContestsResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The list of contests is read page by page, as far as it is needed. */
@Timeout(30)
class ContestListTest extends WithFakeService {
  /** All pages are read, also after one without contests, each with the token of the one before. */
  @Test
  void allPagesAreRead() {
    fake.contests.list.respond(page("t1", "a", "b"));
    fake.contests.list.respond(page("t2"));
    fake.contests.list.respond(page("", "c"));

    Iterable<Contest> contests =
        client.listContests(ContestsQuery.builder().idPrefix("x").pageSize(2).build());

    assertEquals(List.of("a", "b", "c"), ids(contests.iterator()));
    ListContestsRequest first =
        ListContestsRequest.newBuilder().setIdPrefix("x").setPageSize(2).build();
    assertEquals(
        List.of(
            first,
            first.toBuilder().setPageToken("t1").build(),
            first.toBuilder().setPageToken("t2").build()),
        fake.contests.list.requests);
  }

  /** No page is read before it is needed, and each iterator begins with the first one. */
  @Test
  void pagesAreReadOnDemand() {
    Iterable<Contest> contests = client.listContests();
    assertTrue(fake.contests.list.requests.isEmpty());

    for (int i = 0; i < 2; i++) {
      fake.contests.list.respond(page("t1", "a", "b"));
      Iterator<Contest> iterator = contests.iterator();
      assertEquals("a", iterator.next().contestId());
      assertEquals("b", iterator.next().contestId());
    }

    assertEquals(2, fake.contests.list.requests.size());
    assertEquals(
        List.of(ListContestsRequest.getDefaultInstance()),
        fake.contests.list.requests.stream().distinct().toList());
  }

  /** Without contests the list is empty. */
  @Test
  void listMayBeEmpty() {
    fake.contests.list.respond(page(""));

    Iterator<Contest> iterator = client.listContests().iterator();

    assertFalse(iterator.hasNext());
    assertThrows(NoSuchElementException.class, iterator::next);
  }

  /** A page is retried; one that fails has the error of a call, and the iterator can go on. */
  @Test
  void failedPageCanBeReadAgain() {
    fake.contests.list.fail(Statuses.STORE_UNAVAILABLE);
    fake.contests.list.respond(page("t1", "a"));
    fake.contests.list.fail(Statuses.error(Status.Code.INVALID_ARGUMENT, ""));
    fake.contests.list.respond(page("", "b"));
    Iterator<Contest> iterator = client.listContests().iterator();

    assertEquals("a", iterator.next().contestId());
    assertThrows(InvalidRequestException.class, iterator::hasNext);
    assertEquals(List.of("b"), ids(iterator));
  }

  /** A page that is not answered within the timeout fails. */
  @Test
  void timeoutIsThatOfAPage() {
    fake.contests.list.ignore();

    Iterable<Contest> contests =
        client.listContests(ContestsQuery.builder().build(), Duration.ofMillis(300));

    assertThrows(DeadlineExceededException.class, () -> contests.iterator().next());
  }

  /** An interrupt ends the wait for a page, and closing the client ends the list. */
  @Test
  void waitCanBeEnded() {
    fake.contests.list.ignore();
    Iterator<Contest> iterator = client.listContests().iterator();

    Thread.currentThread().interrupt();
    assertThrows(CancellationException.class, iterator::hasNext);
    assertTrue(Thread.interrupted());
    client.close();
    assertThrows(CancelledException.class, iterator::hasNext);
  }

  private static ListContestsResponse page(String nextToken, String... contestIds) {
    ListContestsResponse.Builder page =
        ListContestsResponse.newBuilder().setNextPageToken(nextToken);
    for (String contestId : contestIds) {
      page.addContestsBuilder().setContestId(contestId);
    }
    return page.build();
  }

  private static List<String> ids(Iterator<Contest> contests) {
    List<String> ids = new ArrayList<>();
    contests.forEachRemaining(contest -> ids.add(contest.contestId()));
    return ids;
  }
}

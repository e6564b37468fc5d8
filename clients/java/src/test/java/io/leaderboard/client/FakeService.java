package io.leaderboard.client;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.leaderboard.v1.BatchGetUserRanksRequest;
import io.leaderboard.v1.BatchGetUserRanksResponse;
import io.leaderboard.v1.BatchUpdateScoresRequest;
import io.leaderboard.v1.BatchUpdateScoresResponse;
import io.leaderboard.v1.GetScoreRankRequest;
import io.leaderboard.v1.GetScoreRankResponse;
import io.leaderboard.v1.GetTopUsersRequest;
import io.leaderboard.v1.GetTopUsersResponse;
import io.leaderboard.v1.GetUserRankRequest;
import io.leaderboard.v1.GetUserRankResponse;
import io.leaderboard.v1.LeaderboardServiceGrpc;
import io.leaderboard.v1.UpdateScoreRequest;
import io.leaderboard.v1.UpdateScoreResponse;
import io.leaderboard.v1.WatchContestRequest;
import io.leaderboard.v1.WatchContestResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;

/** A service on a loopback port that sends scripted responses and records its requests. */
final class FakeService extends LeaderboardServiceGrpc.LeaderboardServiceImplBase
    implements AutoCloseable {
  final Queue<Consumer<StreamObserver<UpdateScoreResponse>>> updates =
      new ConcurrentLinkedQueue<>();
  final Queue<Function<BatchUpdateScoresRequest, BatchUpdateScoresResponse>> batches =
      new ConcurrentLinkedQueue<>();
  final ScriptedMethod<GetTopUsersRequest, GetTopUsersResponse> topUsers = new ScriptedMethod<>();
  final ScriptedMethod<GetUserRankRequest, GetUserRankResponse> userRank = new ScriptedMethod<>();
  final ScriptedMethod<BatchGetUserRanksRequest, BatchGetUserRanksResponse> userRanks =
      new ScriptedMethod<>();
  final ScriptedMethod<GetScoreRankRequest, GetScoreRankResponse> scoreRank =
      new ScriptedMethod<>();
  final FakeContests contests = new FakeContests();
  final Queue<Consumer<StreamObserver<WatchContestResponse>>> watches =
      new ConcurrentLinkedQueue<>();
  final List<UpdateScoreRequest> updateRequests = new CopyOnWriteArrayList<>();
  final List<BatchUpdateScoresRequest> batchRequests = new CopyOnWriteArrayList<>();
  final List<WatchContestRequest> watchRequests = new CopyOnWriteArrayList<>();
  final List<Metadata> headers = new CopyOnWriteArrayList<>();
  final Set<Object> peers = ConcurrentHashMap.newKeySet();
  private final Server server;

  FakeService() throws IOException {
    this("127.0.0.1", 0);
  }

  FakeService(String host, int port) throws IOException {
    server =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(host, port), InsecureServerCredentials.create())
            .addService(this)
            .addService(contests)
            .intercept(new RecordingInterceptor())
            .build()
            .start();
  }

  String address() {
    return "127.0.0.1:" + port();
  }

  int port() {
    return server.getPort();
  }

  @Override
  public void updateScore(
      UpdateScoreRequest request, StreamObserver<UpdateScoreResponse> observer) {
    updateRequests.add(request);
    updates.remove().accept(observer);
  }

  @Override
  public void batchUpdateScores(
      BatchUpdateScoresRequest request, StreamObserver<BatchUpdateScoresResponse> observer) {
    batchRequests.add(request);
    try {
      observer.onNext(batches.remove().apply(request));
      observer.onCompleted();
    } catch (StatusRuntimeException e) {
      observer.onError(e);
    }
  }

  @Override
  public void getTopUsers(
      GetTopUsersRequest request, StreamObserver<GetTopUsersResponse> observer) {
    topUsers.call(request, observer);
  }

  @Override
  public void getUserRank(
      GetUserRankRequest request, StreamObserver<GetUserRankResponse> observer) {
    userRank.call(request, observer);
  }

  @Override
  public void batchGetUserRanks(
      BatchGetUserRanksRequest request, StreamObserver<BatchGetUserRanksResponse> observer) {
    userRanks.call(request, observer);
  }

  @Override
  public void getScoreRank(
      GetScoreRankRequest request, StreamObserver<GetScoreRankResponse> observer) {
    scoreRank.call(request, observer);
  }

  @Override
  public void watchContest(
      WatchContestRequest request, StreamObserver<WatchContestResponse> observer) {
    watchRequests.add(request);
    watches.remove().accept(observer);
  }

  /** Returns a script that responds to an update with a score. */
  static Consumer<StreamObserver<UpdateScoreResponse>> score(long score) {
    return observer -> {
      observer.onNext(
          UpdateScoreResponse.newBuilder()
              .setUser(WatchMessages.user("ada", score, 1))
              .setApplied(true)
              .build());
      observer.onCompleted();
    };
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  /** Records the headers and the peer address of each call. */
  private final class RecordingInterceptor implements ServerInterceptor {
    @Override
    public <ReqT, RespT> ServerCall.Listener<ReqT> interceptCall(
        ServerCall<ReqT, RespT> call, Metadata sent, ServerCallHandler<ReqT, RespT> next) {
      headers.add(sent);
      peers.add(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
      return next.startCall(call, sent);
    }
  }
}

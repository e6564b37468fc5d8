//! Binds the listening socket, runs the runtime's thread, and stops both in order.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::yield_now;
use tokio::time::{sleep, sleep_until, timeout};

use crate::broadcast::{Command, Dispatcher};
use crate::connection::{self, within_handshake};
use crate::connections::Connections;
use crate::core::{Core, limit};
use crate::inbox::Event;
use crate::observation::OpenConnection;
use crate::serve::finish_call;

const BACKLOG: u32 = 1024;
/// Pause when the system has no more sockets.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
/// Time that the last statuses have to reach their callers.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

fn bind(address: &str, reuse_port: bool) -> io::Result<TcpListener> {
    let no_address = || io::Error::other("the host has no address");
    let address = address.to_socket_addrs()?.next().ok_or_else(no_address)?;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(reuse_port)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Listens, and starts the runtime's thread, which never calls Python; returns port and thread.
pub fn start(
    core: Arc<Core>,
    commands: UnboundedReceiver<Command>,
) -> io::Result<(u16, JoinHandle<()>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let within = runtime.enter();
    let listener = bind(&core.settings.address, core.settings.reuse_port)?;
    drop(within);
    let port = listener.local_addr()?.port();
    let thread = std::thread::Builder::new().name("leaderboard-front".to_owned());
    let thread = thread.spawn(move || {
        yield_to_python();
        let last = LastEvent(Arc::clone(&core));
        runtime.block_on(async move {
            let signal = Arc::clone(&core);
            tokio::spawn(async move { signal.inbox.signal().await });
            let noticing = Arc::clone(&core);
            tokio::spawn(async move { noticing.notices.report(&noticing.inbox).await });
            tokio::spawn(report_ended_calls(Arc::clone(&core)));
            let shared = Arc::clone(&core);
            let dispatcher = tokio::spawn(async move {
                Dispatcher::new(&shared.calls, &shared.inbox).run(commands).await;
            });
            tokio::select! {
                () = run(core, listener) => {}
                ended = dispatcher => panic!("nothing executes commands: {ended:?}"),
            }
        });
        drop(runtime); // ends the remaining calls before the last event
        drop(last);
    })?;
    Ok((port, thread))
}

/// Has Python take the records of ended calls, if it wants them. Runs as long as the runtime.
async fn report_ended_calls(core: Arc<Core>) {
    loop {
        core.observation.ended_calls.filled().await;
        core.inbox.push(Event::EndedCalls(Arc::clone(&core.observation)));
    }
}

/// Runs this thread at nice +10, so that on a shared core Python finishes accepted calls before new
/// ones are read, and waiting calls are read together. Without it the server serves a tenth fewer
/// calls, and even fewer under overload.
fn yield_to_python() {
    // On Linux the priority is that of this thread; elsewhere it would slow Python down too.
    #[cfg(target_os = "linux")]
    {
        // Where it isn't allowed, the priority stays as it is.
        let _ = rustix::process::setpriority_process(None, 10);
    }
}

/// Queues the last event when the thread ends, also by a panic.
struct LastEvent(Arc<Core>);

impl Drop for LastEvent {
    fn drop(&mut self) {
        let Core { inbox, observation, .. } = &*self.0;
        if observation.ended_calls.are_wanted() {
            for _ in 0..observation.ended_calls.batches() {
                inbox.push(Event::EndedCalls(Arc::clone(observation)));
            }
        }
        inbox.close();
    }
}

/// Accepts connections until the listener drains, then waits for them.
async fn run(core: Arc<Core>, listener: TcpListener) {
    let mut connections = Connections::new(core.settings.max_connections);
    let mut drain = core.drain.subscribe();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    accept(&core, stream, address, &mut connections);
                    yield_now().await; // one that is closed for it frees its file first
                }
                Err(error) => {
                    if is_out_of_files(&error) {
                        connections.end_longest_idle();
                    }
                    sleep(ACCEPT_RETRY).await;
                }
            },
            true = connections.ended() => {}
            _ = drain.wait_for(Option::is_some) => break,
        }
    }
    drop(listener);
    connections.drain();
    let all_ended = async { while connections.ended().await {} };
    tokio::pin!(all_ended);
    tokio::select! {
        () = &mut all_ended => {}
        () = grace_expired(&core) => {
            for call in core.calls.all() {
                finish_call(&core, &call, || Some(core.refusal(limit::STOPPING)));
            }
            let _ = timeout(CLOSE_TIMEOUT, all_ended).await;
        }
    }
}

async fn grace_expired(core: &Core) {
    let mut drain = core.drain.subscribe();
    loop {
        let end = drain.borrow_and_update().unwrap_or_else(Instant::now);
        tokio::select! {
            () = sleep_until(end.into()) => return,
            _ = drain.changed() => {} // `core` keeps the sender
        }
    }
}

/// Serves a new connection. Where there is no room for it, and no idle one makes room, it is closed:
/// HTTP/2 has no status for a refusal before the handshake.
fn accept(core: &Arc<Core>, stream: TcpStream, address: SocketAddr, connections: &mut Connections) {
    if connections.is_full() && !connections.end_longest_idle() {
        core.notices.on_refused();
        return;
    }
    let core = Arc::clone(core);
    let peer = core.peer(address);
    let open = OpenConnection::new(&core.observation);
    connections.spawn(Arc::clone(&peer), async move {
        let _open = open;
        let _ = stream.set_nodelay(true);
        let tls = core.tls.read().clone();
        match tls {
            None => connection::run(core, peer, stream).await,
            Some(tls) => {
                let handshake = within_handshake(&core, &peer, tls.accept(stream));
                if let Some(Ok(stream)) = handshake.await {
                    connection::run(core, peer, stream).await;
                }
            }
        }
    });
}

/// Returns whether the system refuses to open more files.
fn is_out_of_files(error: &io::Error) -> bool {
    let errors = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
    error.raw_os_error().is_some_and(|code| errors.iter().any(|known| known.raw_os_error() == code))
}

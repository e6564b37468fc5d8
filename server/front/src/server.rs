//! The listening socket, the runtime's thread, and the order in which all of it stops.

use std::io;
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};

use crate::broadcast::{Command, Dispatcher};
use crate::connection;
use crate::core::{Core, limit};
use crate::serve::end_from_here;

const BACKLOG: u32 = 1024;
/// How long to wait when the system has no more sockets to give.
const NO_SOCKETS: Duration = Duration::from_millis(50);
/// How long the last statuses may take to reach their callers.
const FAREWELL: Duration = Duration::from_secs(1);

fn bind(address: &str, reuse_port: bool) -> io::Result<TcpListener> {
    let nowhere = || io::Error::other("the host has no address");
    let address = address.to_socket_addrs()?.next().ok_or_else(nowhere)?;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(reuse_port)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Listens, and starts the thread that everything here runs on; returns the port and the thread.
/// Python is never called from it.
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
            let dispatcher = tokio::spawn(Dispatcher::new(Arc::clone(&core)).run(commands));
            tokio::select! {
                () = run(core, listener) => {}
                ended = dispatcher => panic!("nothing carries out commands: {ended:?}"),
            }
        });
        drop(runtime); // ends what is left of the calls before that is told
        drop(last);
    })?;
    Ok((port, thread))
}

/// Has this thread come after Python where both share a core: reading ever more calls only makes those
/// wait that Python works on, and what waits is read together. That is worth a tenth of the calls,
/// and more when there are too many.
fn yield_to_python() {
    // Linux takes "this process" for this thread alone; elsewhere it would slow Python down too.
    #[cfg(target_os = "linux")]
    {
        // Where it isn't allowed, things go on as before.
        let _ = rustix::process::setpriority_process(None, 10);
    }
}

/// Tells Python that the thread ends, also where it panicked.
struct LastEvent(Arc<Core>);

impl Drop for LastEvent {
    fn drop(&mut self) {
        self.0.inbox.close();
    }
}

/// Accepts connections until the listener drains, then waits for them.
async fn run(core: Arc<Core>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    let mut leaving = core.leaving.subscribe();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => accept(&core, stream, &mut connections),
                Err(_) => sleep(NO_SOCKETS).await,
            },
            Some(_) = connections.join_next() => {}
            _ = leaving.wait_for(Option::is_some) => break,
        }
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    tokio::pin!(all_done);
    tokio::select! {
        () = &mut all_done => {}
        () = grace_is_over(&core) => {
            for call in core.calls.all() {
                end_from_here(&core, &call, core.refuse(limit::STOPPING));
            }
            let _ = timeout(FAREWELL, all_done).await;
        }
    }
}

async fn grace_is_over(core: &Core) {
    let mut leaving = core.leaving.subscribe();
    loop {
        let end = leaving.borrow_and_update().unwrap_or_else(Instant::now);
        tokio::select! {
            () = sleep_until(end.into()) => return,
            _ = leaving.changed() => {} // core keeps the other end
        }
    }
}

fn accept(core: &Arc<Core>, stream: TcpStream, connections: &mut JoinSet<()>) {
    let Ok(permit) = Arc::clone(&core.connections).try_acquire_owned() else {
        core.refuse(limit::CONNECTIONS);
        return;
    };
    let core = Arc::clone(core);
    connections.spawn(async move {
        let _permit = permit;
        let _ = stream.set_nodelay(true);
        let tls = core.tls.read().clone();
        match tls {
            None => connection::run(core, stream).await,
            Some(tls) => {
                let handshake = timeout(core.settings.handshake_timeout_s, tls.accept(stream));
                if let Ok(Ok(stream)) = handshake.await {
                    connection::run(core, stream).await;
                }
            }
        }
    });
}

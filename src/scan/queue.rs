//! Tasks shared among threads; a task may add others.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use super::{BATCH, Part, STACK_BYTES, Task};

/// Tasks that are waiting, and how many are not done yet.
pub(super) struct Queue {
    state: Mutex<(VecDeque<Task>, usize)>,
    changed: Condvar,
}

impl Queue {
    fn new(tasks: Vec<Task>) -> Self {
        let n_open = tasks.len();
        Self {
            state: Mutex::new((tasks.into(), n_open)),
            changed: Condvar::new(),
        }
    }

    /// Adds a task that is done next.
    pub(super) fn push(&self, task: Task) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.push_front(task);
        state.1 += 1;
        self.changed.notify_one();
    }

    /// The next task; none when all are done.
    fn pop(&self) -> Option<Task> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(task) = state.0.pop_front() {
                return Some(task);
            }
            if state.1 == 0 {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.1 -= 1;
        if state.1 == 0 {
            self.changed.notify_all();
        }
    }
}

/// Runs tasks on several threads, each with a worker that `make` gives; the parts in the order of the tasks.
pub(super) fn run<W>(tasks: Vec<Task>, n_threads: usize, make: impl Fn() -> W + Sync) -> Vec<Part>
where
    W: FnMut(Task, &Queue) -> Part,
{
    let n_threads = n_threads.clamp(1, tasks.len().max(1) * BATCH);
    let queue = Queue::new(tasks);
    let work = || {
        let mut worker = make();
        let mut parts = Vec::new();
        while let Some(task) = queue.pop() {
            parts.push(worker(task, &queue));
            queue.done();
        }
        parts
    };
    let mut parts: Vec<Part> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads)
            .map(|_| {
                std::thread::Builder::new()
                    .stack_size(STACK_BYTES)
                    .spawn_scoped(scope, work)
                    .expect("the system lets a thread start")
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| {
                thread
                    .join()
                    .expect("workers catch the panics of what they run")
            })
            .collect()
    });
    parts.sort_by_key(|part| part.done.order);
    parts
}

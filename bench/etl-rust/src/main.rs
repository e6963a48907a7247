//! How fast is etl-rust 0.1.0 at the job of `bench/overhead.ts`?
//!
//!     cargo run --release -- 5
//!
//! Items `{ id }` come one by one from a channel, become batches by size or after 5 s, each is
//! mapped to a new item, and the load adds up the ids. A round runs every scenario once, after a
//! warm-up with a tenth of its items, and prints a line of JSON for each; the order is reversed
//! from round to round. A sum that is not right ends the program.
//!
//! Each scenario is there in both ways that etl-rust has to run a pipeline: `ETL::run`, awaited by
//! the main thread as in its README, and `ETLPipelineManager`, which spawns the run on the runtime.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use etl_rust::bucket::ConfigBuilder;
use etl_rust::etl::manager::Config as ManagerConfig;
use etl_rust::etl::{ETLPipeline, ETLPipelineManager, ETL};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What the examples of etl-rust give the channel of `extract`.
const CHANNEL_SIZE: usize = 100;

#[derive(Clone, Copy)]
enum Way {
    Run,
    Manager,
}

struct Scenario {
    way: Way,
    items: u64,
    batch: usize,
    workers: usize,
}

impl Scenario {
    const fn new(way: Way, items: u64, batch: usize, workers: usize) -> Self {
        Scenario {
            way,
            items,
            batch,
            workers,
        }
    }

    fn name(&self) -> String {
        let way = match self.way {
            Way::Run => "ETL::run",
            Way::Manager => "ETLPipelineManager",
        };
        format!("{way}, batch {}, workers {}", self.batch, self.workers)
    }
}

const SCENARIOS: [Scenario; 6] = [
    Scenario::new(Way::Run, 4_000_000, 100, 4),
    Scenario::new(Way::Run, 4_000_000, 100, 1),
    Scenario::new(Way::Run, 500_000, 1, 4),
    Scenario::new(Way::Manager, 4_000_000, 100, 4),
    Scenario::new(Way::Manager, 4_000_000, 100, 1),
    Scenario::new(Way::Manager, 1_000_000, 1, 4),
];

#[derive(Clone)]
struct Item {
    id: u64,
}

/// Gives the items from 0 to below `items`, and adds up the ids of those that are loaded.
struct Job {
    items: u64,
    sum: Arc<AtomicU64>,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

#[async_trait]
impl ETLPipeline<Item, Item> for Job {
    async fn extract(&self, _cancel: &CancellationToken) -> Outcome<mpsc::Receiver<Item>> {
        let (sender, receiver) = mpsc::channel(CHANNEL_SIZE);
        let items = self.items;
        tokio::spawn(async move {
            for id in 0..items {
                if sender.send(Item { id }).await.is_err() {
                    return;
                }
            }
        });
        Ok(receiver)
    }

    async fn transform(&self, _cancel: &CancellationToken, item: &Item) -> Item {
        Item { id: item.id }
    }

    async fn load(&self, _cancel: &CancellationToken, items: Vec<Item>) -> Outcome<()> {
        let sum = items.iter().map(|item| item.id).sum();
        self.sum.fetch_add(sum, Ordering::Relaxed);
        Ok(())
    }

    async fn pre_process(&self, _cancel: &CancellationToken) -> Outcome<()> {
        Ok(())
    }

    async fn post_process(&self, _cancel: &CancellationToken) -> Outcome<()> {
        Ok(())
    }
}

/// Runs a scenario with so many items, and gives how long that took.
async fn run(scenario: &Scenario, items: u64) -> Outcome<Duration> {
    let sum = Arc::new(AtomicU64::new(0));
    let job = Box::new(Job {
        items,
        sum: Arc::clone(&sum),
    });
    let config = ConfigBuilder::default()
        .batch_size(scenario.batch)
        .worker_num(scenario.workers)
        .timeout(Duration::from_secs(5))
        .build()?;
    let cancel = CancellationToken::new();

    let start = Instant::now();
    match scenario.way {
        Way::Run => {
            let etl = ETL::from_box(job);
            etl.pre_process(&cancel).await?;
            etl.run(Arc::new(config), &cancel).await?;
        }
        Way::Manager => {
            let mut manager = ETLPipelineManager::new(&ManagerConfig::new(1), config);
            manager.add_pipeline(job, "bench".to_string());
            manager.run_all(&cancel).await?;
        }
    }
    let elapsed = start.elapsed();

    let (loaded, expected) = (sum.load(Ordering::Relaxed), items * (items - 1) / 2);
    if loaded != expected {
        let name = scenario.name();
        return Err(format!("{name}: the sum is {loaded}, not {expected}").into());
    }
    Ok(elapsed)
}

fn measure(runtime: &Runtime, scenario: &Scenario) -> Outcome<()> {
    runtime.block_on(run(scenario, scenario.items / 10))?;
    let elapsed = runtime.block_on(run(scenario, scenario.items))?;
    println!(
        r#"{{"name":"{}","items":{},"batch":{},"workers":{},"itemsPerSecond":{:.0}}}"#,
        scenario.name(),
        scenario.items,
        scenario.batch,
        scenario.workers,
        scenario.items as f64 / elapsed.as_secs_f64()
    );
    Ok(())
}

fn main() -> Outcome<()> {
    let rounds: usize = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => 5,
    };
    // As many threads as the machine has cores; TOKIO_WORKER_THREADS sets another number.
    let runtime = Builder::new_multi_thread().enable_time().build()?;
    for round in 0..rounds {
        let mut scenarios: Vec<&Scenario> = SCENARIOS.iter().collect();
        if round % 2 == 1 {
            scenarios.reverse();
        }
        for scenario in scenarios {
            measure(&runtime, scenario)?;
        }
    }
    Ok(())
}

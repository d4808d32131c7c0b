/** The help pages as data. Completion reads the flags from here too; a test holds them against what is parsed. */
import { cloudPages } from "./cloud-pages.ts"
import { all, at, detach, dryrun, idle, onlyOne, ownFlags, type Page, retry, task, values, when, yes } from "./page.ts"

export const pages: Readonly<Record<string, Page>> = {
  launch: {
    usage: "sky launch [FLAGS] [FILE.yaml|COMMAND…]",
    summary: "a cluster, new or reused, and a task on it",
    note: ownFlags,
    flags: [
      ["-c, --cluster NAME", "the cluster; made up when not given"],
      yes,
      detach,
      ["-s, --detach-setup", "setup is part of the job"],
      ["--no-setup", "skip setup"],
      ["--clone-disk-from, --clone CLUSTER", "a copy of that stopped one's disk; AWS, GCP"],
      idle,
      ["--down", "go, not stop; alone: after 1 idle minute"],
      retry,
      dryrun,
      ["-a, --all", "all places where it goes on if there is no room, with their prices"],
      ...task
    ],
    examples: ["sky launch -c train examples/hello.yaml", "sky launch -y -c train -i 10 --down 'python train.py --lr 0.1'"]
  },
  exec: {
    usage: "sky exec [FLAGS] CLUSTER FILE.yaml|COMMAND…",
    summary: "a job on a cluster that is up; no setup",
    note: ownFlags,
    flags: [detach, ["--down", "end the cluster when its jobs are over"], dryrun, ...task],
    examples: ["sky exec train examples/hello.yaml", "sky exec train nvidia-smi -L"]
  },
  task: {
    usage: "sky task show [FLAGS] FILE…",
    summary: "task files as they are understood, every default filled in",
    note: "No daemon is asked, and secrets are struck out. -o yaml (the default) or -o json, one line a task.",
    flags: values,
    examples: ["sky task show examples/hello.yaml", "sky task show train.yaml --env MODEL=small -o json"]
  },
  cancel: {
    usage: "sky cancel [FLAGS] CLUSTER [JOB…]",
    summary: "end jobs; without a number the latest running one",
    flags: [["-a, --all", "all jobs of the cluster"], yes],
    examples: ["sky cancel train 2", "sky cancel -y train --all"]
  },
  status: {
    usage: "sky status [FLAGS] [CLUSTER…]",
    summary: "the clusters there are",
    note: when,
    flags: [
      ["-a, --all", "all columns"],
      ["-r, --refresh", "ask the clouds first"],
      ["--ip", "only the head node's address, of one cluster"],
      at
    ],
    examples: ["sky status -o json 'train-*'", "sky status --at '2 hours ago'"]
  },
  queue: {
    usage: "sky queue [FLAGS] [CLUSTER…]",
    summary: "the jobs of clusters",
    note: when,
    flags: [["-s, --skip-finished", "only those that are not over"], ["-a, --all-users", "all columns: users, log folders"], at],
    examples: ["sky queue -s", "sky queue --at 1234 train"]
  },
  logs: {
    usage: "sky logs [FLAGS] CLUSTER [JOB]",
    summary: "a job's output, to its end; without a number the latest",
    note: "While a launch sets up, the latest is its setup, and then its job.",
    flags: [
      ["--follow", "until the job is over (the default)"],
      ["--no-follow", "only what there is"],
      ["--tail N", "only the last N lines of each rank"],
      ["--rank N", "only this rank"],
      ["--status", "only the status: exit 0, 100, 101, 102, 103"],
      ["-s, --sync-down", "copy to ~/sky_logs; takes several jobs"]
    ],
    examples: ["sky logs train", "sky logs train 2 --no-follow --tail 20"]
  },
  why: {
    usage: "sky why CLUSTER",
    summary: "how a cluster came to be as it is",
    flags: [],
    examples: ["sky why train", "sky why train -o json"]
  },
  stop: {
    usage: "sky stop [FLAGS] [CLUSTER…]",
    summary: "machines off, disks kept",
    note: onlyOne,
    flags: [all, yes, ["--purge", "for repair only: whatever the cloud says; leaks are yours"]],
    examples: ["sky stop train", "sky stop -y 'dev-*'"]
  },
  start: {
    usage: "sky start [FLAGS] [CLUSTER…]",
    summary: "bring stopped clusters back",
    note: onlyOne,
    flags: [all, yes, idle, ["--down", "with -i: go instead of stop"], retry, ["-f, --force", "even if it is up"]],
    examples: ["sky start train", "sky start -y train -i 10"]
  },
  autostop: {
    usage: "sky autostop [FLAGS] [CLUSTER…]",
    summary: "stop or end clusters when idle",
    note: onlyOne,
    flags: [
      all,
      yes,
      ["-i, --idle-minutes N", "after N idle minutes (5)"],
      ["--down", "go instead of stop"],
      ["--cancel", "no autostop any more; -i -1 too"]
    ],
    examples: ["sky autostop train -i 10", "sky autostop train --cancel"]
  },
  down: {
    usage: "sky down [FLAGS] [CLUSTER…]",
    summary: "machines and disks go",
    note: onlyOne,
    flags: [
      all,
      yes,
      ["-p, --purge", "for repair only: whatever the cloud says; leaks are yours"],
      ["--unlogged", "end machines that no sound log knows, record nothing"]
    ],
    examples: ["sky down train", "sky down -y -a"]
  },
  events: {
    usage: "sky events [FLAGS] [CLUSTER]",
    summary: "every fact in the log",
    flags: [
      ["-f, --follow", "and what comes"],
      ["--tail N", "the last N (50)"],
      ["--after SEQ", "those after a position"]
    ],
    examples: ["sky events train", "sky events --follow -o json | jq .event"]
  },
  replay: {
    usage: "sky replay [FLAGS]",
    summary: "the log again, and what each fact changed",
    flags: [
      ["--from SEQ", "the first position that is shown (1)"],
      ["--to SEQ", "the last one"],
      ["-c, --cluster NAME", "only facts about clusters of this name"],
      ["--verify", "fold the whole log, compare it with the state"]
    ],
    examples: ["sky replay -c train", "sky replay --verify"]
  },
  audit: {
    usage: "sky audit verify | head [--is SEQ HASH] | export [FILE] | import FILE|- | diff FILE",
    summary: "prove the log; save it, and set it up elsewhere",
    note: [
      "verify   every event, the chain, the witness and the index",
      "head     SEQ HASH LOG TIME of its end, to be noted where nobody changes both; --is: it is still so",
      "export   JSON lines, the events' bytes as stored; of a damaged log what is proven",
      "import   into an empty state folder (SKYD_HOME); the old one must not be used while its clusters live",
      "diff     an export against the log; a log that only goes on is no difference",
      "Without a daemon none is started. Exit code 1: damage, a difference, or a head that is not there; 2: FILE cannot be read; 6: the file or",
      "folder to be written holds something else; 7: no room on the disk to look."
    ].join("\n"),
    flags: [["--is", "head: whether what was noted, as printed, is in the log"]],
    examples: ["sky audit verify", "sky audit export log.jsonl && SKYD_HOME=~/second sky audit import log.jsonl"]
  },
  ops: {
    usage: "sky ops [list [-a] | cancel ID]",
    summary: "what the daemon is asked to do; cancel it",
    flags: [["-a, --all", "those that are over too"]],
    examples: ["sky ops", "sky ops cancel 01KBF2Q8J4M9T6X7V0R5C3D1EA"]
  },
  ...cloudPages,
  daemon: {
    usage: "sky daemon start|stop|restart|status|logs|run",
    summary: "the process behind it; jobs go on without it",
    flags: [
      ["-f, --follow", "logs: and what comes"],
      ["--tail N", "logs: the last N lines (50)"],
      ["--force", "stop, restart: though the log is lost with it"]
    ],
    examples: ["sky daemon status", "sky daemon logs --tail 20 -f"]
  },
  completion: {
    usage: "sky completion bash|zsh|fish",
    summary: "shell completion, with cluster names",
    flags: [],
    examples: ["source <(sky completion bash)", "sky completion fish > ~/.config/fish/completions/sky.fish"]
  },
  rpc: {
    usage: "sky rpc [METHOD [JSON|-]]",
    summary: "any request of the protocol, for scripts; alone: the methods",
    flags: [["--request-id ID", "sent twice, it is done once"]],
    examples: ["sky rpc describe", `sky rpc logs '{"clusterName":"train"}'`]
  }
}

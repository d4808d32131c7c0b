/** Every fact that the log can hold. A new one is added here, to `docs/events.md` and to `test/golden/events/`. */
import * as Schema from "effect/Schema"
import { AutostopArmed, AutostopFired, AutostopSet } from "./autostop.ts"
import {
  ActionFailed,
  ClusterGone,
  ClusterImported,
  ClusterStopped,
  CredentialsAccepted,
  DownRequested,
  ReactorFailed,
  RestLeft,
  StopRequested
} from "./cluster.ts"
import { DaemonStarted, DaemonStopped, LogCreated } from "./daemon.ts"
import { JobCancelRequested, JobClosed, JobEnded, JobSettingUp, JobStarted, JobSubmitted, JournalGap } from "./job.ts"
import { ClusterCreated, ExecRequested, LaunchRequested, PlaceChosen, PlacePassedOver, PlacesExhausted, StartRequested } from "./launch.ts"
import { ClusterAdopted, LeakEnded, LeakEndRequested, LeakKept } from "./leak.ts"
import { OperationCancelled, OperationFailed, OperationRequested, OperationSucceeded } from "./operation.ts"
import {
  NetworkMade,
  NodeAbandoned,
  NodeProvisioned,
  NodeRefused,
  NodeReleased,
  NodeRequested,
  NodeStarted,
  NodeStarting,
  NodeStopped,
  RequestAbandoned,
  RuntimeLost,
  RuntimeReady
} from "./provision.ts"
import { FileMountsSynced, PortsNotOpened, PortsOpened, SetupEnded, SetupStarted, WorkdirSynced } from "./setup.ts"

export const events = [
  LogCreated,
  DaemonStarted,
  DaemonStopped,
  OperationRequested,
  OperationSucceeded,
  OperationFailed,
  OperationCancelled,
  ClusterCreated,
  LaunchRequested,
  StartRequested,
  ExecRequested,
  PlaceChosen,
  PlacePassedOver,
  PlacesExhausted,
  NodeRequested,
  NetworkMade,
  NodeProvisioned,
  NodeRefused,
  NodeStarting,
  NodeStarted,
  NodeStopped,
  NodeReleased,
  NodeAbandoned,
  RequestAbandoned,
  RuntimeReady,
  RuntimeLost,
  PortsOpened,
  PortsNotOpened,
  WorkdirSynced,
  FileMountsSynced,
  SetupStarted,
  SetupEnded,
  JobSubmitted,
  JobSettingUp,
  JobStarted,
  JobCancelRequested,
  JobEnded,
  JobClosed,
  JournalGap,
  AutostopSet,
  AutostopArmed,
  AutostopFired,
  StopRequested,
  DownRequested,
  ClusterStopped,
  RestLeft,
  ClusterGone,
  ClusterImported,
  ClusterAdopted,
  LeakEndRequested,
  LeakEnded,
  LeakKept,
  ActionFailed,
  CredentialsAccepted,
  ReactorFailed
] as const

export const Event = Schema.Union(events)
export type Event = typeof Event.Type
export type EventTag = Event["_tag"]

/** The wiring: which part needs which. No logic lives here, and only here is a concrete cloud or store named. */

import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Background } from "./Background.ts"
import { Catalogs, openCatalogs } from "./catalog/Catalogs.ts"
import * as AwsCloud from "./clouds/aws/AwsCloud.ts"
import { Clouds } from "./clouds/Clouds.ts"
import * as GcpCloud from "./clouds/gcp/GcpCloud.ts"
import * as LocalCloud from "./clouds/local/LocalCloud.ts"
import { patient } from "./clouds/patient.ts"
import * as SshCloud from "./clouds/ssh/SshCloud.ts"
import { Disk } from "./home/Disk.ts"
import { Secrets } from "./home/Secrets.ts"
import { freshUlid } from "./Ids.ts"
import * as IpcServer from "./ipc/IpcServer.ts"
import { Leaks } from "./leaks/Leaks.ts"
import { Identity } from "./life/Identity.ts"
import * as Imported from "./life/Imported.ts"
import { Lifecycle } from "./life/Lifecycle.ts"
import { EventLog } from "./log/EventLog.ts"
import * as LevelLog from "./log/LevelLog.ts"
import * as SnapshotKeeper from "./log/SnapshotKeeper.ts"
import { Notices } from "./Notices.ts"
import { Queries } from "./queries/Queries.ts"
import { Abandoned } from "./reactors/Abandoned.ts"
import { Couriers } from "./reactors/couriers/Couriers.ts"
import { Reactors } from "./reactors/Reactors.ts"
import { Reconciler } from "./reactors/Reconciler.ts"
import * as SecretSweeper from "./reactors/SecretSweeper.ts"
import * as Unconfirmed from "./reactors/Unconfirmed.ts"
import { Unlogged } from "./read-only/Unlogged.ts"
import { Connections } from "./remote/Connections.ts"
import { Dispatcher } from "./requests/Dispatcher.ts"
import { Operations } from "./requests/Operations.ts"
import { Requests } from "./requests/Requests.ts"
import { SshNames } from "./ssh-names/SshNames.ts"
import { FileLister } from "./sync/FileLister.ts"
import { makeLister } from "./sync/list-files.ts"

/** Everything that works on the log. Needs a LogStore with its Witness, Clouds, Secrets, a Disk and an Identity. */
export const core = <E, R>(reactors: Layer.Layer<Reactors, E, R>) =>
  Layer.mergeAll(Dispatcher.layer, Reconciler.layer, SecretSweeper.layer, Unconfirmed.layer).pipe(
    Layer.provideMerge(Abandoned.layer),
    Layer.provideMerge(Couriers.layer),
    Layer.provide(patient),
    Layer.provideMerge(reactors),
    Layer.provideMerge(
      Layer.unwrap(
        Effect.gen(function* () {
          const { actor } = yield* Identity
          return EventLog.layer(actor)
        })
      )
    ),
    Layer.provideMerge(Background.layer)
  )

/** Those that there are, whatever else is wired; over the lists of offers that there are. */
export const clouds = (home: string, agentPath: string) =>
  Layer.effect(
    Clouds,
    Effect.gen(function* () {
      const connections = yield* Connections
      const lists = yield* Catalogs
      const all = [
        yield* LocalCloud.make({ home, agentPath }),
        yield* SshCloud.make({ home, agentPath, connections }),
        yield* AwsCloud.make({ home, agentPath, connections, catalog: () => lists.of("aws") }),
        yield* GcpCloud.make({ home, agentPath, connections, catalog: () => lists.of("gcp") })
      ]
      return new Map(all.map((cloud) => [cloud.name, cloud]))
    })
  ).pipe(Layer.provide(Connections.layer()))

/** Those that came with the program lie beside the agent; newer ones in the state folder. */
export const catalogs = (home: string, agentPath: string) =>
  Layer.succeed(Catalogs, openCatalogs(join(dirname(agentPath), "catalog"), join(home, "catalog")))

/** The daemon of this machine. Needs an Identity. */
export const layer = (home: string, agentPath: string) =>
  Layer.merge(IpcServer.layer, SnapshotKeeper.layer).pipe(
    Layer.provideMerge(Requests.layer),
    Layer.provideMerge(Layer.mergeAll(Operations.layer, Queries.layer)),
    Layer.provideMerge(Layer.provide(SshNames.layer(home), patient)),
    Layer.provideMerge(Layer.provide(Layer.merge(Unlogged.layer, Leaks.layer), patient)),
    Layer.provideMerge(core(Layer.provideMerge(Imported.layer(home), Layer.provideMerge(Reactors.layer, Imported.understood(home))))),
    Layer.provideMerge(Disk.layer(home)),
    Layer.provideMerge(Layer.mergeAll(Lifecycle.layer, Notices.layer)),
    Layer.provideMerge(
      Layer.mergeAll(
        Secrets.layer(home),
        Layer.succeed(FileLister, makeLister(home)),
        Layer.provideMerge(clouds(home, agentPath), catalogs(home, agentPath))
      )
    ),
    // First of all: its lock is the guard of the single daemon, and nothing of the folder is touched before it is held.
    Layer.provideMerge(LevelLog.layer(home, freshUlid))
  )

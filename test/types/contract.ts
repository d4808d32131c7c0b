/** The page's examples and signatures as a TypeScript program sees them. Compiled, never run: what must not compile says so. */
import * as sky from "skyd"

export const examples = async (n: number): Promise<void> => {
  const task = new sky.Task({ run: "echo hello SkyPilot" })
  task.setResources(new sky.Resources({ cloud: sky.AWS(), accelerators: "V100:4" }))
  const { handle, jobId } = await sky.launch(task, { clusterName: "my-cluster" })
  const name: string | undefined = handle?.clusterName
  const number: number | null = jobId

  new sky.Task({ setup: "pip install requirements.txt", run: "python train.py", workdir: "." })
  new sky.Task({ numNodes: n }).setResources(new sky.Resources()).setFileMounts({ "~/.dotfile": "/local/.dotfile" })
  sky.Task.fromYaml("/path/to/task.yaml").updateFileMounts({ "~/.config": "~/Documents/config" })
  task.setStorageMounts({ "/remote/imagenet/": new sky.Storage({ name: "my-bucket", source: "/local/imagenet" }) })
  task.setResources(new Set([new sky.Resources({ accelerators: { V100: 1 } }), new sky.Resources({ accelerators: { "tpu-v2-8": 1 } })]))
  new sky.Task({ run: (rank, addresses) => (rank === 0 ? addresses.join() : null) })
  new sky.Resources({ cloud: sky.clouds.GCP(), instanceType: "n1-standard-8", accelerators: "V100" })
  new sky.Resources({ cpus: "2+", memory: "16+", diskTier: sky.DiskTier.HIGH, ports: [8080, "9000-9010"] })

  const [cluster] = await sky.status({ clusterNames: name ?? null, refresh: true })
  const status: sky.ClusterStatus | undefined = cluster?.status
  if (status === sky.ClusterStatus.STOPPED) await sky.start("my-cluster", { idleMinutesToAutostop: 10, down: true })
  const left: Promise<void> = sky.autostop("my-cluster", 5, { down: true })
  await left
  for await (const { rank, text } of sky.tailLogs("my-cluster", { jobId: number })) console.log(rank, text)
  for await (const { event, seq } of sky.events({ after: 1 })) if (event._tag === "JobEnded") console.log(seq)
  try {
    await sky.exec(new sky.Dag([task]), "my-cluster", { detachRun: true, signal: AbortSignal.timeout(1000) })
  } catch (error) {
    if (error instanceof sky.exceptions.ClusterNotUpError) console.log(error.clusterStatus, error.hint)
    if (error instanceof sky.exceptions.ResourcesUnavailableError) console.log(error.failoverHistory.map(({ message }) => message))
    if (error instanceof sky.exceptions.CommandError) console.log(error.returncode + error.exitCode, error.command)
  }
}

export const refused = async (task: sky.Task): Promise<void> => {
  // @ts-expect-error a text is no task
  await sky.launch("echo hi")
  // @ts-expect-error exec needs a cluster
  await sky.exec(task)
  // @ts-expect-error autostop needs minutes
  await sky.autostop("c")
  // @ts-expect-error there is one backend
  await sky.launch(task, { backend: "docker" })
  // @ts-expect-error a mistyped option
  await sky.down("c", { purged: true })
  // @ts-expect-error immutable
  new sky.Resources().cpus = "4"
  // @ts-expect-error a third parameter
  new sky.Task({ run: (_rank: number, _addresses: Array<string>, _more: string) => null })
}

/** The six that are SkyPilot's own business. */
export const hidden = async (task: sky.Task): Promise<void> => {
  // @ts-expect-error private
  await sky.launch(task, { _isLaunchedBySpotController: true })
  // @ts-expect-error private
  await sky.launch(task, { _isLaunchedBySkyServeController: true })
  // @ts-expect-error private
  await sky.launch(task, { _disableControllerCheck: true })
  // @ts-expect-error private
  new sky.Resources({ _dockerLoginConfig: {} })
  // @ts-expect-error private
  new sky.Resources({ _isImageManaged: true })
  // @ts-expect-error private
  new sky.Resources({ _requiresFuse: true })
}

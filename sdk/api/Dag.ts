/** `sky.Dag`: around exactly one task, as `launch` and `exec` take it. */
import { type Maybe, shown } from "./arguments.ts"
import { ValueError } from "./exceptions.ts"
import { Task } from "./Task.ts"

/** Of one task. More than one is refused by what takes it. */
export class Dag {
  readonly tasks: ReadonlyArray<Task>

  constructor(tasks?: Maybe<Iterable<Task>>) {
    const given = tasks ?? []
    if (typeof given !== "object" || !(Symbol.iterator in given))
      throw new TypeError(`A Dag takes an array of sky.Tasks, got ${shown(given)}.`)
    this.tasks = Object.freeze([...given])
    const odd = this.tasks.findIndex((task) => !(task instanceof Task))
    if (odd >= 0) throw new TypeError(`A Dag holds sky.Tasks, got ${shown(this.tasks[odd])}.`)
  }
}

/** The one task that is meant. */
export const oneTask = (given: Task | Dag, of: string): Task => {
  if (given instanceof Task) return given
  if (!(given instanceof Dag)) {
    const wrap = typeof given === "string" ? ` Wrap it: new sky.Task({ run: ${JSON.stringify(shown(given).slice(1, -1))} })` : ""
    throw new TypeError(`${of} takes a sky.Task or a sky.Dag first, got ${shown(given)}.${wrap}`)
  }
  const [task, ...others] = given.tasks
  if (task !== undefined && others.length === 0) return task
  throw new ValueError(`${of} takes a Dag of exactly one task, not of ${given.tasks.length}.`)
}

// Actions in panels, as values: an action in one column is repeated in the others.

/** The actions of a panel, by name. Their arguments must make sense to every server. */
export type Actions = Record<string, (...given: never[]) => unknown>;

/** An action that was done. */
export interface Act {
  name: string;
  given: unknown[];
}

/** Does one of a panel's actions, and tells of it. */
export type DoAct<Declared extends Actions> = <Name extends keyof Declared & string>(
  name: Name,
  ...given: Parameters<Declared[Name]>
) => void;

/** Does an action once more. Throws an error if there is none of that name. */
export function perform(actions: Actions, { name, given }: Act): void {
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) throw new Error(`no action ${name} here, only ${Object.keys(actions).join(", ")}`);
  action(...(given as never[]));
}

/** Does an action in every other panel of a kind. Throws an error if one is missing, or does not have the action. */
export function repeat<Actor extends { perform(act: Act): void }>(
  act: Act,
  actor: Actor,
  panels: (Actor | null)[],
): void {
  if (!panels.includes(actor)) throw new Error(`${act.name}: done in a panel that is not among these`);
  for (const panel of panels) {
    if (!panel) throw new Error(`${act.name}: a panel is missing`);
    if (panel !== actor) panel.perform(act);
  }
}

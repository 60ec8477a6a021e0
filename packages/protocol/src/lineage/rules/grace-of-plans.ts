/** Milliseconds for which a plan that another replaced can still be opened. */
export const planGrace = 45 * 24 * 60 * 60 * 1000;

/**
 * A plan that another replaced is open to successions learned within 45 days after the replacing plan was learned: nothing
 * that one device signs takes the way back away sooner.
 *
 * @param known when the succession was learned.
 * @param replaced when the plan was learned that replaced the one it opens.
 */
export const graceOfPlans = (known: number, replaced: number): boolean => known < replaced + planGrace;

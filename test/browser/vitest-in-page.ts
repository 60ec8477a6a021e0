/**
 * What test files import as "vitest", in a page: Vitest's own runner and its own `expect`, without the server that Vitest's
 * browser mode puts around them.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  type ExpectStatic,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect";
import { fn, isMockFunction, restoreAllMocks, spyOn } from "@vitest/spy";

export {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  it,
  onTestFailed,
  onTestFinished,
  suite,
  test,
} from "@vitest/runner";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

const counted = (value: unknown, message?: string): unknown => {
  setState({ assertionCalls: getState(expect).assertionCalls + 1 }, expect);
  return chai.expect(value, message);
};
const asymmetric = (globalThis as unknown as Readonly<Record<symbol, object>>)[ASYMMETRIC_MATCHERS_OBJECT];

/** The part of `vi` that needs no server. Fake timers and module mocks are for tests that run in Node. */
export const vi = { fn, isMockFunction, restoreAllMocks, spyOn };

export const expect = Object.assign(counted, chai.expect, asymmetric, {
  assert: chai.assert,
  unreachable: (message = "reached") => chai.assert.fail(message),
}) as unknown as ExpectStatic;
setState({ assertionCalls: 0 }, expect);

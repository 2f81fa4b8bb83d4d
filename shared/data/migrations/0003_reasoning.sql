-- What language models and agents did. Before the tax liens, whose analyses refer to an episode.
CREATE SCHEMA reasoning;

-- One call of a language model. The prompt is not stored; its hash shows repeated prompts.
CREATE TABLE reasoning.ai_llm_calls (
  id uuid PRIMARY KEY,
  agent text NOT NULL,
  run_id uuid NOT NULL,
  model text NOT NULL,
  prompt_sha256 text NOT NULL,
  prompt_tokens integer,
  completion_tokens integer,
  latency_ms integer NOT NULL,
  outcome text NOT NULL,
  error_class text,
  error text,
  created_at timestamptz(3) NOT NULL,
  CONSTRAINT ai_llm_calls_outcome CHECK (outcome in ('answered', 'unreadable', 'failed')),
  CONSTRAINT ai_llm_calls_error CHECK ((outcome = 'answered') = (error is null))
);
CREATE INDEX ai_llm_calls_by_time ON reasoning.ai_llm_calls (created_at);
CREATE INDEX ai_llm_calls_of_run ON reasoning.ai_llm_calls (run_id);

-- One task of an agent: who requested it, and its goal. Rows are only added.
CREATE TABLE reasoning.ai_agent_episodes (
  id uuid PRIMARY KEY,
  agent text NOT NULL,
  goal text NOT NULL,
  request jsonb NOT NULL,
  requested_by text NOT NULL,
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX ai_agent_episodes_by_time ON reasoning.ai_agent_episodes (created_at);

-- The steps of an episode, in their order. Rows are only added.
CREATE TABLE reasoning.ai_agent_steps (
  episode_id uuid NOT NULL,
  number integer NOT NULL,
  name text NOT NULL,
  outcome text NOT NULL,
  message text NOT NULL,
  facts jsonb NOT NULL,
  started_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3) NOT NULL,
  CONSTRAINT ai_agent_steps_of_episode PRIMARY KEY (episode_id, number),
  CONSTRAINT ai_agent_steps_number CHECK (number >= 1),
  CONSTRAINT ai_agent_steps_outcome CHECK (outcome in ('done', 'failed')),
  CONSTRAINT ai_agent_steps_episode_id_ai_agent_episodes_id_fk FOREIGN KEY (episode_id)
    REFERENCES reasoning.ai_agent_episodes (id) ON DELETE CASCADE
);

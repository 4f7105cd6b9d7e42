"""Engines that run the trials: processes of this machine, or Ray Tune."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from ecg_live.errors import ConfigError
from training.parallel import block_sigint, clean_processes
from training.sweep.trial import SweepTrial, note_problem, read_scores

OnTrialEnd = Callable[[SweepTrial], None]


def run_locally(tasks: Sequence[SweepTrial], jobs: int, ended: OnTrialEnd) -> None:
    """Run each cell in a process of its own, ``jobs`` at a time; one that is killed does not end the others."""
    context = clean_processes()
    waiting, running = list(reversed(tasks)), dict[int, tuple[BaseProcess, SweepTrial]]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                task = waiting.pop()
                started = context.Process(target=_run_in_process, args=(task,))
                with block_sigint():
                    started.start()
                running[started.sentinel] = started, task
            ready = wait(list(running))
            for sentinel in [each for each in running if each in ready]:
                process, task = running.pop(sentinel)
                process.join()
                if process.exitcode:
                    note_problem(task.cell, f"its process ended with {process.exitcode}")
                ended(task)
    finally:
        for process, _ in running.values():
            process.terminate()
            process.join()


def _run_in_process(task: SweepTrial) -> None:
    """Run a trial; Ctrl-C is left to the parent, which ends this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    task()


def run_on_ray(tasks: Sequence[SweepTrial], jobs: int, ended: OnTrialEnd, out: Path) -> None:
    """Run the cells as trials of Ray Tune.

    Parameters
    ----------
    tasks : sequence of SweepTrial
        The cells.
    jobs : int
        How many at a time.
    ended : callable
        Called with each trial when it ends.
    out : Path
        Folder of the sweep; several machines must share it.

    Raises
    ------
    ConfigError
        If Ray is not installed.
    """
    try:
        import ray  # noqa: PLC0415 - an extra
        from ray import tune  # noqa: PLC0415
    except ImportError as error:  # also Ray's own, where Tune is missing
        raise ConfigError(
            "Ray Tune is not installed", "run: python -m pip install 'ecg-live[train,ray]', or leave --engine out"
        ) from error
    by_name = {task.cell.name: task for task in tasks}

    def trial(config: dict[str, str]) -> None:
        task = by_name[config["cell"]]
        task()
        tune.report(read_scores(task.cell) or {})

    class TrialEndCallback(tune.Callback):
        """Reports each trial when it ends."""

        def on_trial_complete(self, *, trial: tune.Trial, **_info: object) -> None:
            ended(by_name[trial.config["cell"]])

        def on_trial_error(self, *, trial: tune.Trial, **_info: object) -> None:
            ended(by_name[trial.config["cell"]])

    ray.init(ignore_reinit_error=True, log_to_driver=False, include_dashboard=False)
    try:
        tune.Tuner(
            tune.with_resources(trial, _share(ray.cluster_resources(), jobs)),
            param_space={"cell": tune.grid_search(list(by_name))},
            tune_config=tune.TuneConfig(max_concurrent_trials=jobs),
            run_config=tune.RunConfig(
                name="ray", storage_path=str(out.absolute()), verbose=0, callbacks=[TrialEndCallback()]
            ),
        ).fit()
    finally:
        ray.shutdown()


def _share(resources: dict[str, float], jobs: int) -> dict[str, float]:
    """Resources of one of ``jobs`` concurrent trials; Ray takes whole numbers only above one."""
    shares = {"cpu": resources.get("CPU", 1.0) / jobs, "gpu": resources.get("GPU", 0.0) / jobs}
    return {name: share if share < 1 else float(int(share)) for name, share in shares.items()}

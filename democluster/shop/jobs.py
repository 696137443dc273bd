"""CronJobs and the Jobs that they make: a pod a run, retries, and a short history."""

from democluster.ages import timestamp
from democluster.kinds import CRONJOBS, JOBS, Object
from democluster.shop.catalogue import Schedule
from democluster.shop.cluster import Cluster, owner_reference, reference
from democluster.shop.lifecycle import bring_up
from democluster.shop.pods import Pod
from democluster.shop.podspec import job_template
from democluster.shop.world import Script

_DAY = 86400.0
_RETRIES = 2
_KEPT = {"Complete": 3, "Failed": 1}
_SAID = {
    "Complete": ("Completed", "Job completed"),
    "Failed": ("BackoffLimitExceeded", "Job has reached the specified backoff limit"),
}


class Job:
    """One run of a schedule: pods until one succeeds or too many have failed."""

    def __init__(self, cluster: Cluster, cron: "CronJob", name: str) -> None:
        world = cluster.world
        self.cluster = cluster
        self._cron = cron
        self.schedule = cron.schedule
        self.namespace, self.name = cron.namespace, name
        self.uid = world.uid()
        self.created = world.stamp()
        self.completed = ""
        self.outcome = ""
        self.pods: list[Pod] = []
        labels = {"batch.kubernetes.io/controller-uid": self.uid, "batch.kubernetes.io/job-name": name}
        self._selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": self.uid}}
        template = job_template(cron.name, cron.schedule.main)
        self._template = {**template, "metadata": {"labels": {**template["metadata"]["labels"], **labels}}}

    def reference(self) -> Object:
        return owner_reference(JOBS, self.name, self.uid)

    def changed(self, pod: Pod) -> None:
        self.publish()

    def gone(self, pod: Pod) -> None:
        self.pods.remove(pod)

    def run(self) -> Script:
        """The Job's life up to its outcome; the pods stay for their logs."""
        world = self.cluster.world
        fails = world.random.random() < self.schedule.fails
        for attempt in range(_RETRIES + 1):
            pod = self._new_pod()
            pod.publish()
            yield from bring_up(self.cluster, pod)
            pod.apps[0].ready = True
            pod.publish()
            yield world.between(*self.schedule.takes)
            self._end(pod, good=not fails or world.random.random() < 0.3)
            if pod.phase == "Succeeded":
                return self._finish("Complete")
            if attempt < _RETRIES:
                yield 10.0 * 2**attempt
        return self._finish("Failed")

    def _new_pod(self) -> Pod:
        world = self.cluster.world
        pod = Pod(world, self.namespace, f"{self.name}-{world.suffix(5)}", self._template, self)
        self.pods.append(pod)
        return pod

    def _end(self, pod: Pod, *, good: bool) -> None:
        pod.apps[0].end(self.cluster.world.stamp(), 0 if good else 3, "Completed" if good else "Error")
        pod.phase = "Succeeded" if good else "Failed"
        self.cluster.nodes.leave(pod)
        pod.publish()

    def _finish(self, outcome: str) -> None:
        world = self.cluster.world
        self.outcome, self.completed = outcome, world.stamp()
        about = reference("batch/v1", "Job", self.namespace, self.name, self.uid)
        self.cluster.events.record(about, *_SAID[outcome], "job-controller")
        self.publish()
        self._cron.finished(self)

    def remove(self) -> None:
        """The Job goes, and its pods after it, as the garbage collector would."""
        self.cluster.world.store.delete(JOBS, self.namespace, self.name)
        for pod in tuple(self.pods):
            pod.remove()

    def publish(self) -> None:
        metadata = {
            "name": self.name,
            "namespace": self.namespace,
            "uid": self.uid,
            "generation": 1,
            "creationTimestamp": self.created,
            "labels": self._template["metadata"]["labels"],
            "ownerReferences": [self._cron.reference()],
        }
        spec = {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": _RETRIES,
            "selector": self._selector,
            "template": self._template,
        }
        self.cluster.world.store.put(JOBS, {"metadata": metadata, "spec": spec, "status": self._status()})

    def _status(self) -> Object:
        good = sum(pod.phase == "Succeeded" for pod in self.pods)
        bad = sum(pod.phase == "Failed" for pod in self.pods)
        counts = {"succeeded": good, "failed": bad, "active": len(self.pods) - good - bad}
        status: Object = {
            "startTime": self.created,
            **{name: count for name, count in counts.items() if count},
        }
        if self.outcome:
            reason, message = _SAID[self.outcome]
            said = {"reason": reason, "message": message, "lastTransitionTime": self.completed}
            status["conditions"] = [{"type": self.outcome, "status": "True", **said}]
        if self.outcome == "Complete":
            status["completionTime"] = self.completed
        return status


class CronJob:
    """A schedule in minutes. Keeps the last three good Jobs and the last bad one."""

    def __init__(self, cluster: Cluster, schedule: Schedule) -> None:
        world = cluster.world
        self.cluster = cluster
        self.schedule = schedule
        self.namespace, self.name = schedule.namespace, schedule.name
        self.uid = world.uid()
        self._created = world.stamp(world.between(20, 90) * _DAY)
        self._last = ""
        self._last_good = ""
        self.active: list[Job] = []
        self.done: list[Job] = []
        self.publish()

    def reference(self) -> Object:
        return owner_reference(CRONJOBS, self.name, self.uid)

    def keep_time(self) -> Script:
        """Start a Job at each due minute, unless the last one still runs (concurrencyPolicy Forbid)."""
        world = self.cluster.world
        while True:
            yield world.until_next(self.schedule.minutes * 60.0) + 0.05
            if self.active:
                continue
            minute = int(world.now // 60)
            job = Job(self.cluster, self, self._free_name(minute))
            self._last = timestamp(minute * 60)
            self.active.append(job)
            job.publish()
            world.spawn(job.run())
            self.publish()

    def _free_name(self, minute: int) -> str:
        """Named by the scheduled minute; at high speed a minute holds several runs."""
        taken = {job.name for job in self.done}
        while (name := f"{self.name}-{minute}") in taken:
            minute += 1
        return name

    def finished(self, job: Job) -> None:
        self.active.remove(job)
        self.done.append(job)
        if job.outcome == "Complete":
            self._last_good = job.completed
        for outcome, kept in _KEPT.items():
            for old in [found for found in self.done if found.outcome == outcome][:-kept]:
                self.done.remove(old)
                old.remove()
        self.publish()

    def publish(self) -> None:
        metadata = {
            "name": self.name,
            "namespace": self.namespace,
            "uid": self.uid,
            "generation": 1,
            "creationTimestamp": self._created,
        }
        template = job_template(self.name, self.schedule.main)
        spec = {
            "schedule": f"*/{self.schedule.minutes} * * * *",
            "concurrencyPolicy": "Forbid",
            "suspend": False,
            "jobTemplate": {"metadata": {}, "spec": {"backoffLimit": _RETRIES, "template": template}},
            "successfulJobsHistoryLimit": _KEPT["Complete"],
            "failedJobsHistoryLimit": _KEPT["Failed"],
        }
        status: Object = {}
        if self.active:
            status["active"] = [
                reference("batch/v1", "Job", job.namespace, job.name, job.uid) for job in self.active
            ]
        if self._last:
            status["lastScheduleTime"] = self._last
        if self._last_good:
            status["lastSuccessfulTime"] = self._last_good
        self.cluster.world.store.put(CRONJOBS, {"metadata": metadata, "spec": spec, "status": status})

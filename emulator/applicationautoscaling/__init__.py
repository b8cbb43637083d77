"""Application Auto Scaling of SageMaker's variants: alarms ring, instances come and go.

Each module cites the AWS page it follows. Without a source, so to be compared with a real account:

- the new capacity is the current one times metric over target, rounded up; out by the highest of
  the evaluated minutes, in by no more than one instance at a time;
- while an alarm stays in ALARM it is looked at once a minute, and nothing happens while the
  endpoint is not InService (AWS says that scaling is blocked then, not how it tells);
- AlarmLow's threshold is 90 % of the target;
- zeros of InvocationsPerInstance begin when the variant is registered, and alarms see them, not
  GetMetricData;
- the wording of refusals, except those that clients of AWS have shown.
"""

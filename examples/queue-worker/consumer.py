"""Takes messages from a queue, one at a time, and deletes each when it is done with it."""

import json, os, signal

import boto3

stopping = False


def stop(*_):
    """ECS takes the task away: the message in hand is finished, and no other is taken."""
    global stopping
    stopping = True


def work(body):
    return {"words": len(body.split())}


def main():
    sqs = boto3.client("sqs")
    queue = sqs.get_queue_url(QueueName=os.environ["QUEUE"])["QueueUrl"]
    while not stopping:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages", []):
            result = work(message["Body"])
            print(json.dumps({"level": "info", "message": "done", "id": message["MessageId"], **result}), flush=True)
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


signal.signal(signal.SIGTERM, stop)
main()

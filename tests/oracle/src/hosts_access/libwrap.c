/*
 * Asks libwrap: reads cases from standard input and writes one line per case to standard output.
 *
 * A case is a header line and the bytes of both files:
 *     daemon TAB address TAB name TAB user TAB server address TAB server name TAB server port TAB n TAB m LF
 *     n bytes of hosts.allow, m bytes of hosts.deny
 * where n or m may be -1 (no such file). The answer is
 *     granted|denied|delegated|exited TAB a|d|- TAB line
 * with the file and line of the rule that libwrap says it matched.
 *
 * Each case runs in a child of its own, because libwrap may exit, jump or exec. What would reach out of the process is
 * intercepted: programs are not run (the command `true` succeeds, any other fails), nobody sleeps, nothing is logged.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <syslog.h>
#include <tcpd.h>
#include <unistd.h>

enum { GRANTED = 10, DENIED, DELEGATED };

struct matched {
    char table;
    int line;
};

int allow_severity = LOG_INFO;
int deny_severity = LOG_WARNING;

static struct matched *matched;
static pid_t asked;
static char allow_path[4096], deny_path[4096];

static void note(const char *format, va_list args)
{
    char text[8192], path[4096];
    int line;

    vsnprintf(text, sizeof(text), format, args);
    if (sscanf(text, "matched:  %4095s line %d", path, &line) == 2) {
        matched->table = strcmp(path, allow_path) == 0 ? 'a' : 'd';
        matched->line = line;
    }
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list args;

    (void)priority;
    (void)flag;
    va_start(args, format);
    note(format, args);
    va_end(args);
}

void __vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
    (void)priority;
    (void)flag;
    (void)format;
    (void)args;
}

unsigned int sleep(unsigned int seconds)
{
    (void)seconds;
    return 0;
}

int execl(const char *path, const char *arg, ...)
{
    const char *command;
    va_list args;

    (void)path;
    (void)arg;
    va_start(args, arg);
    (void)va_arg(args, const char *);
    command = va_arg(args, const char *);
    va_end(args);
    if (getpid() == asked)
        _exit(DELEGATED);
    _exit(strcmp(command, "true") == 0 ? 0 : 1);
}

static int put(const char *path, long size)
{
    static char bytes[1 << 24];
    FILE *file;

    if (size < 0)
        return unlink(path), 0;
    if (size > (long)sizeof(bytes) || fread(bytes, 1, size, stdin) != (size_t)size)
        return -1;
    file = fopen(path, "w");
    if (file == NULL || fwrite(bytes, 1, size, file) != (size_t)size)
        return -1;
    return fclose(file);
}

/* An address as getnameinfo(3) prints it. */
static char *printed(const char *address, char *buffer)
{
    struct in6_addr binary;
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;

    if (inet_pton(family, address, &binary) == 1)
        inet_ntop(family, &binary, buffer, INET6_ADDRSTRLEN);
    return buffer;
}

static int ask(char **field)
{
    struct request_info request;
    struct sockaddr_in server;
    char client_addr[INET6_ADDRSTRLEN] = "unknown", server_addr[INET6_ADDRSTRLEN] = "unknown";

    memset(&server, 0, sizeof(server));
    server.sin_family = AF_INET;
    server.sin_port = htons(atoi(field[6]));
    hosts_access_verbose = 2;
    hosts_allow_table = allow_path;
    hosts_deny_table = deny_path;
    request_init(&request, RQ_DAEMON, field[0], RQ_CLIENT_ADDR, printed(field[1], client_addr), RQ_CLIENT_NAME, field[2], RQ_USER, field[3],
                 RQ_SERVER_ADDR, printed(field[4], server_addr), RQ_SERVER_NAME, field[5], RQ_SERVER_SIN, &server, RQ_FILE, open("/dev/null", O_RDWR), 0);
    return hosts_access(&request) ? GRANTED : DENIED;
}

static const char *verdict(int status)
{
    static const char *names[] = {"granted", "denied", "delegated"};

    if (!WIFEXITED(status))
        return "killed";
    if (WEXITSTATUS(status) < GRANTED || WEXITSTATUS(status) > DELEGATED)
        return "exited";
    return names[WEXITSTATUS(status) - GRANTED];
}

int main(int argc, char **argv)
{
    static char header[8192];
    char *field[9];
    int status;

    if (argc != 2)
        return 2;
    snprintf(allow_path, sizeof(allow_path), "%s/hosts.allow", argv[1]);
    snprintf(deny_path, sizeof(deny_path), "%s/hosts.deny", argv[1]);
    matched = mmap(NULL, sizeof(*matched), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    while (fgets(header, sizeof(header), stdin)) {
        char *rest = header;
        pid_t child;
        for (int i = 0; i < 9; i++)
            if ((field[i] = strsep(&rest, "\t\n")) == NULL)
                return 2;
        if (put(allow_path, atol(field[7])) != 0 || put(deny_path, atol(field[8])) != 0)
            return 2;
        *matched = (struct matched){'-', 0};
        fflush(stdout);
        child = fork();
        if (child == 0) {
            asked = getpid();
            _exit(ask(field));
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
            return 2;
        printf("%s\t%c\t%d\n", verdict(status), matched->table, matched->line);
    }
    return 0;
}

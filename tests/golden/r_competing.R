# What R's survival and cmprsk find for the cohorts of tests/competing_cohorts.py, read by test_golden_competing.py.
# Rscript tests/golden/r_competing.R ../shared/data/survival > tests/golden/r_competing.txt
suppressMessages({library(survival); library(cmprsk)})
cat("#", R.version.string, "| survival", as.character(packageVersion("survival")),
    "| cmprsk", as.character(packageVersion("cmprsk")), "\n")
folder <- commandArgs(trailingOnly = TRUE)[1]
pbc_data <- read.csv(file.path(folder, "pbc.csv"))
pbc_data <- pbc_data[!is.na(pbc_data$trt), ]
colon_data <- read.csv(file.path(folder, "colon.csv"))
colon_data <- colon_data[!is.na(colon_data$nodes), ]
recurrence <- colon_data[colon_data$etype == 1, ]
death <- colon_data[colon_data$etype == 2, ]
death <- death[match(recurrence$id, death$id), ]
colon_data <- data.frame(
  time = ceiling(recurrence$time / 30.4),
  status = ifelse(recurrence$status == 1, 1, ifelse(death$status == 1, 2, 0)),
  group = as.integer(factor(recurrence$rx)) - 1)
cohorts <- list(
  pbc = data.frame(time = pbc_data$time, status = pbc_data$status, group = pbc_data$trt),
  colon = colon_data)

line <- function(...) cat(paste(..., sep = ","), "\n", sep = "")
digits <- function(x) sprintf("%.17g", x)
for (name in names(cohorts)) {
  cohort <- cohorts[[name]]
  cohort$event <- factor(cohort$status, 0:2, labels = c("censored", "1", "2"))
  for (group in sort(unique(cohort$group))) {
    fit <- survfit(Surv(time, event) ~ 1, data = cohort[cohort$group == group, ], conf.type = "log-log")
    for (cause in c("1", "2")) for (i in seq(3, length(fit$time), by = 9)) {
      column <- match(cause, fit$states)
      line("aj", name, group, cause, fit$time[i], digits(fit$pstate[i, column]), digits(fit$std.err[i, column]),
           digits(fit$lower[i, column]), digits(fit$upper[i, column]))
    }
  }
  tests <- cuminc(cohort$time, cohort$status, cohort$group, cencode = 0)$Tests
  for (cause in rownames(tests)) line("gray", name, cause, digits(tests[cause, "stat"]), tests[cause, "df"])
}
